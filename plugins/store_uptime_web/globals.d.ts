// What pages load beside their own scripts: the D3 that is vendored.
import type * as D3 from "d3";

declare global {
  var d3: typeof D3;
}

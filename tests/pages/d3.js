// Puts D3 where pages have it: import this before what uses it.
import * as d3 from "d3";

globalThis.d3 = d3;

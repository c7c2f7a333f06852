// What pages load beside their own scripts: the D3 that is vendored, and on Airflow's own pages what those give.
import type * as D3 from "d3";

declare global {
  var d3: typeof D3;
  var React: {
    createElement(type: unknown, properties: object | null, ...children: unknown[]): unknown;
    useEffect(effect: () => () => void, dependencies: unknown[]): void;
    useState<T>(first: T): [T, (value: T) => void];
  };
  var ChakraUI: Record<"Box" | "Heading" | "HStack" | "Link" | "Text", unknown>;
  var StoreUptimeDashboard: () => unknown;
}

/**
 * Measures one figure in a process of its own, so that no figure inherits the heap or the compiled code of another: `node
 * figure.ts <name>`.
 */
import { figures } from "./figures.ts";
import { Report } from "./support/report.ts";

const [, , name, ...options] = process.argv;
const report = new Report();
const measure = await figures[name!]!.load();
await measure(report, options.includes("--quick"));
if (process.send === undefined) console.log(JSON.stringify(report.figures));
else process.send(report.results, () => process.disconnect());

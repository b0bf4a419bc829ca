/** Measures the first fallback in a process, for `fallback.ts`, and prints its milliseconds. */
import { RefusingServer } from "./refusing-server.ts";

await using server = await RefusingServer.start();
console.log(await server.refusedToAskedMs());

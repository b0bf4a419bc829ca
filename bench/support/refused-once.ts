/** The first fallback of a process, for `fallback.ts`: prints its milliseconds. */
import { RefusingServer } from "./refusing-server.ts";

await using server = await RefusingServer.start();
console.log(await server.refusedToAskedMs());

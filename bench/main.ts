/** The figures this repository states, measured anew: `npm run bench`. */
import { bytesPerTurn } from "./bytes.ts";
import { planning } from "./planning.ts";

await planning();
await bytesPerTurn();

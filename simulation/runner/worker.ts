import { parentPort, workerData } from "node:worker_threads";
import { mutantOf } from "../mutants.ts";
import { patchSource } from "./patch.ts";
import type { Task, WorkerOptions } from "./threads.ts";

// Patch the source before any module imports it.
const { mutant, sourceDir, current } = workerData as WorkerOptions;
patchSource(mutantOf(mutant)?.patches ?? [], sourceDir);
const { runTask } = await import("./task.ts");

parentPort!.on("message", (task: Task) => {
  runTask(task, new Int32Array(current)).then(
    (answer) => parentPort!.postMessage(answer),
    (error: unknown) => {
      throw error;
    },
  );
});

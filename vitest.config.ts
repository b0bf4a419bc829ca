import { defineConfig } from "vitest/config";

// The packages' own sources, so that nothing has to be built first.
const conditions = ["turnwire-source", "node", "import", "module", "default"];

/** Test files by the end of their names: `*.socket.test.ts`, `*.process.test.ts`; unit tests are all others. */
function filesEndingIn(end: string): string[] {
  return ["packages/*/test", "test", "simulation/test"].map((folder) => `${folder}/**/*${end}`);
}

const sockets = filesEndingIn(".socket.test.ts");
const processes = filesEndingIn(".process.test.ts");

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    environment: "node",
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Processes that tests start resolve the packages' sources, too.
    env: { NODE_OPTIONS: "--conditions=turnwire-source" },
    // Most tests wait for sockets. Two workers keep both cores of a small machine busy.
    pool: "forks",
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: filesEndingIn(".test.ts"),
          exclude: [...sockets, ...processes],
          setupFiles: ["test-kit/src/setup/unit.ts"],
          // Files share their modules: twice as fast.
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: "socket", include: sockets, setupFiles: ["test-kit/src/setup/socket.ts"], isolate: false },
      },
      // A process that loads the sources takes a second, and several on a busy machine.
      { extends: true, test: { name: "process", include: processes, testTimeout: 60_000 } },
    ],
  },
});

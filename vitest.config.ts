import { defineConfig } from "vitest/config";

// The packages' own sources, so that nothing has to be built first.
const conditions = ["turnwire-source", "node", "import", "module", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    environment: "node",
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts", "simulation/test/**/*.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Processes that tests start resolve the packages' sources, too.
    env: { NODE_OPTIONS: "--conditions=turnwire-source" },
    // The tests mostly wait for sockets; both cores of a small machine are to be busy.
    pool: "forks",
    maxWorkers: 2,
  },
});

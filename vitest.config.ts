import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  // As a user imports them, but without a build.
  resolve: {
    alias: [
      { find: /^turnwire$/, replacement: source("src/index.ts") },
      { find: /^turnwire\/server$/, replacement: source("src/server/index.ts") },
      { find: /^turnwire\/voice$/, replacement: source("src/voice.ts") },
      { find: /^turnwire\/speech-server$/, replacement: source("src/speech-server/index.ts") },
    ],
  },
  test: {
    environment: "node",
    include: ["test/**/*.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // The tests mostly wait for sockets; both cores of a small machine are to be busy.
    pool: "forks",
    maxWorkers: 2,
  },
});

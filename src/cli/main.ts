#!/usr/bin/env node
// No static imports, and only what very old versions of Node can parse: where turnwire cannot run it has to say so.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > 22 || (major === 22 && minor >= 12)) {
  import("./command.ts")
    .then((command) => command.main())
    .catch((error) => {
      console.error("turnwire: " + String(error));
      process.exitCode = 1;
    });
} else {
  console.error("turnwire needs Node 22.12 or newer; this is Node " + process.versions.node);
  process.exitCode = 1;
}

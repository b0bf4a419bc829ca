/** Imported first, so that a Node that is too old fails with one clear sentence. Has only syntax that such a Node can parse. */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  throw new Error("turnwire needs Node 22.12 or newer; this is Node " + process.versions.node);
}

/** A CommonJS program: the package is ESM only, and require() takes it all the same. */
const assert = require("node:assert/strict");
const { createExecutor } = require("polyspawn");

createExecutor().output(["echo", "hello"]).then((output) => {
  assert.equal(output.stdoutText(), "hello\n");
  console.log("required");
});

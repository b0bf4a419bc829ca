import { InvalidArgumentError } from "turnwire/internal";
import { expect, test } from "vitest";
import { ResponsesServer } from "../../src/index.ts";

/** What JavaScript callers can give. */
type Anything = never;

test.each<[brain: () => unknown, message: string]>([
  [
    () => "hi",
    'brain: expected to return pieces, got a string; write it as function* () { yield { type: "text", delta',
  ],
  [
    () => Promise.resolve("hi"),
    "brain: expected to return pieces, got an object of class Promise; write it as async function*",
  ],
  [() => undefined, "brain: expected to return pieces, got undefined"],
  [() => ["hi"], 'brain: expected pieces such as { type: "text", delta: "Hello." }, got a string'],
  [() => [{ type: "text", text: "hi" }], "brain: text: unknown field of a piece; it is called `delta`"],
  [() => [{ type: "text", delta: 5 }], "brain: delta: expected a string, got the number 5"],
  [() => [{ delta: "hi" }], 'brain: type: expected "text", "refusal", "reasoning", "function_call", "usage" or "inc'],
  [() => [{ type: "function_call", name: "f", arguments: {} }], "brain: arguments: expected a string, got an object"],
])("refuses the output of the brain %s: %s", async (brain, message) => {
  const errors: unknown[] = [];
  await using server = await ResponsesServer.start({
    brain: brain as Anything,
    onBrainError: (error) => void errors.push(error),
  });
  const body = JSON.stringify({ model: "any", input: "secret" });
  const headers = { "content-type": "application/json" };
  const { status } = await fetch(`${server.url}/responses`, { method: "POST", headers, body });
  expect(status).toBe(500);
  expect(errors).toEqual([expect.any(InvalidArgumentError)]);
  expect(String(errors[0])).toContain(message);
});

test("names the port that is in use, and keeps Node's code", async () => {
  await using server = await ResponsesServer.start();
  const port = Number(new URL(server.url).port);
  const message = `port: ${port} is in use; give another one, or leave it out for any free one`;
  await expect(ResponsesServer.start({ port })).rejects.toMatchObject({ code: "EADDRINUSE", port, message });
});

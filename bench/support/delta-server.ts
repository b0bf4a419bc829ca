/**
 * A process that answers every request with one long response, for `client-cost.ts`. What it sends is prepared, framed and
 * written at once, so that it does not compete with the client for the machine.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";

const deltas = Number(process.argv[2]);
const text = Array.from({ length: deltas }, (_, index) => word(index)).join("");
const messageId = `msg_${"5".repeat(48)}`;
const place = { item_id: messageId, output_index: 0, content_index: 0 };
const content = [{ type: "output_text", text, annotations: [], logprobs: [] }];
const started = { id: messageId, type: "message", role: "assistant", status: "in_progress", content: [] };
const item = { ...started, status: "completed", content };

/** The events of a response but for the first two and the last, by lane. */
const prepared = new Map<string | undefined, Buffer>();
let responses = 0;

const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const server = createServer();
server.on("upgrade", (request, socket: Duplex, head) => {
  webSockets.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.on("error", () => undefined);
    webSocket.on("message", (data: Buffer) => {
      const { stream_id: lane } = JSON.parse(data.toString()) as { stream_id?: string };
      socket.write(answer(lane));
    });
  });
});
process.on("disconnect", () => process.exit());
server.listen(0, "127.0.0.1");
await once(server, "listening");
process.send!((server.address() as AddressInfo).port);

function answer(lane: string | undefined): Buffer {
  const id = `resp_${String(++responses).padStart(48, "0")}`;
  const response = { id, object: "response", status: "in_progress", model: "gpt-4.1", output: [] };
  const usage = { input_tokens: 9, output_tokens: deltas, total_tokens: deltas + 9 };
  let middle = prepared.get(lane);
  if (middle === undefined) prepared.set(lane, (middle = Buffer.concat(middleEvents().map(framed(lane, 2)))));
  const first = [
    { type: "response.created", response },
    { type: "response.in_progress", response },
  ];
  const last = { type: "response.completed", response: { ...response, status: "completed", output: [item], usage } };
  return Buffer.concat([...first.map(framed(lane, 0)), middle, framed(lane, deltas + 7)(last, 0)]);
}

function middleEvents(): object[] {
  return [
    { type: "response.output_item.added", output_index: 0, item: started },
    { type: "response.content_part.added", ...place, part: { type: "output_text", text: "" } },
    ...Array.from({ length: deltas }, (_, index) => ({
      type: "response.output_text.delta",
      ...place,
      delta: word(index),
      logprobs: [],
      obfuscation: "Xq2Vb8kLw0",
    })),
    { type: "response.output_text.done", ...place, text, logprobs: [] },
    { type: "response.content_part.done", ...place, part: content[0] },
    { type: "response.output_item.done", output_index: 0, item },
  ];
}

/** An event as a frame of RFC 6455: text, whole, unmasked. */
function framed(lane: string | undefined, firstNumber: number): (event: object, index: number) => Buffer {
  return (event, index) => {
    const numbered = { ...event, sequence_number: firstNumber + index };
    const payload = Buffer.from(JSON.stringify(lane === undefined ? numbered : { ...numbered, stream_id: lane }));
    return Buffer.concat([header(payload.length), payload]);
  };
}

function header(length: number): Buffer {
  if (length < 126) return Buffer.from([0x81, length]);
  const size = Buffer.alloc(length < 0x1_0000 ? 4 : 10);
  size[0] = 0x81;
  size[1] = length < 0x1_0000 ? 126 : 127;
  if (length < 0x1_0000) size.writeUInt16BE(length, 2);
  else size.writeBigUInt64BE(BigInt(length), 2);
  return size;
}

function word(index: number): string {
  return ` w${index % 1000}`;
}

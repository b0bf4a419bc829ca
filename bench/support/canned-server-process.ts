/**
 * The process of `CannedServer`. It prepares what it sends and writes it at once, so that it does not compete with the client
 * for the machine.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { CannedCommands } from "./canned-server.ts";
import { cannedEvents } from "./canned-events.ts";
import { answer } from "./other-process.ts";

interface Request {
  input: string | Array<{ content?: string | Array<{ text: string }> }>;
  stream_id?: string;
  previous_response_id?: string;
}

let responses = 0;
let received: number[] = [];
/** The encoded events of a response, without the first two and the last. */
const prepared = new Map<string, Buffer>();

const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 0 });
const server = createServer((request, response) => void serve(request, response));
server.on("upgrade", (request, socket: Duplex, head) => {
  webSockets.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.on("error", () => undefined);
    webSocket.on("message", (data: Buffer) => {
      received.push(data.length);
      const asked = JSON.parse(data.toString()) as Request & { type: string };
      if (asked.type === "response.create") socket.write(answerTo(asked, frame));
    });
  });
});
server.listen(0, "127.0.0.1");
await once(server, "listening");

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  received.push(body.length);
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  response.end(answerTo(JSON.parse(body.toString()) as Request, serverSent));
}

function answerTo(request: Request, encode: (event: { type: string }) => Buffer): Buffer {
  const deltas = deltasIn(request);
  const { stream_id: lane, previous_response_id: previous = null } = request;
  const id = `resp_${String(++responses).padStart(48, "0")}`;
  const { first, middle, last } = cannedEvents(deltas, { id, lane, previous });
  const key = `${encode.name} ${deltas} ${lane}`;
  let between = prepared.get(key);
  if (between === undefined) prepared.set(key, (between = Buffer.concat(middle().map(encode))));
  return Buffer.concat([...first.map(encode), between, encode(last)]);
}

function deltasIn({ input }: Request): number {
  if (typeof input === "string") return Number(input.split(" ", 1)[0]);
  const { content = "" } = input.at(-1)!;
  return Number((typeof content === "string" ? content : content[0]!.text).split(" ", 1)[0]);
}

function serverSent(event: { type: string }): Buffer {
  return Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** Encodes an event as a frame of RFC 6455: text, whole, unmasked. */
function frame(event: object): Buffer {
  const payload = Buffer.from(JSON.stringify(event));
  return Buffer.concat([header(payload.length), payload]);
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

const commands: CannedCommands = {
  received: () => {
    const taken = received;
    received = [];
    return taken;
  },
};
answer({ ...commands }, (server.address() as AddressInfo).port);

import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server as HttpServer } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const file = (name: string): string => fileURLToPath(new URL(`certificates/${name}`, import.meta.url));

/** The certificate that `TlsFront` uses, for NODE_EXTRA_CA_CERTS. */
export const certificateFile = file("localhost.crt");

/** The base of servers on a loopback port. Disposing of one ends its connections. */
abstract class Listener implements AsyncDisposable {
  readonly #server: Server | HttpServer;
  readonly #sockets = new Set<Socket>();

  constructor(server: Server | HttpServer) {
    this.#server = server;
    server.on("connection", (socket: Socket) => this.track(socket));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The number of connections, from clients and to targets. */
  get openCount(): number {
    return this.#sockets.size;
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  protected track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
  }

  protected join(one: Socket, port: number, host: string): void {
    const other = connect(port, host);
    this.track(other);
    one.pipe(other).pipe(one);
    one.on("close", () => other.destroy());
    other.on("close", () => one.destroy());
  }
}

export interface ConnectProxyOptions {
  /** The user name and password that the proxy requires, as `name:password`. */
  credentials?: string;
  /** The status line with which it refuses every CONNECT. */
  refuse?: string;
  /** Whether it never answers a CONNECT. */
  silent?: boolean;
}

/** A proxy that supports only CONNECT. */
export class ConnectProxy extends Listener {
  /** The requested targets in order, including the refused ones. */
  readonly targets: string[] = [];
  /** Requests other than CONNECT. A test expects none. */
  readonly others: string[] = [];
  readonly #options: ConnectProxyOptions;

  private constructor(server: HttpServer, options: ConnectProxyOptions) {
    super(server);
    this.#options = options;
    server.on("request", (request: IncomingMessage, response) => {
      this.others.push(`${request.method} ${request.url}`);
      response.writeHead(405).end();
    });
    server.on("connect", (request: IncomingMessage, socket: Socket) => this.#connect(request, socket));
  }

  static start(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
    return new ConnectProxy(createServer(), options).listen();
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The value for a variable such as HTTPS_PROXY. */
  get url(): string {
    return `http://${this.host}`;
  }

  urlWith(userInfo: string): string {
    return `http://${userInfo}@${this.host}`;
  }

  #connect(request: IncomingMessage, socket: Socket): void {
    const target = request.url ?? "";
    this.targets.push(target);
    if (this.#options.silent) {
      socket.resume().on("end", () => socket.end());
      return;
    }
    const refusal = this.#refusal(request.headers["proxy-authorization"]);
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal}\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno`);
      return;
    }
    const { hostname, port } = new URL(`http://${target}`);
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    this.join(socket, Number(port || 80), hostname);
  }

  #refusal(authorization: string | undefined): string | undefined {
    const { credentials, refuse } = this.#options;
    if (credentials === undefined) return refuse;
    const expected = `Basic ${Buffer.from(credentials).toString("base64")}`;
    return authorization === expected ? refuse : "407 Proxy Authentication Required";
  }
}

/** Speaks TLS with the certificate of `certificates/`, and passes what it hears on to a port without TLS. */
export class TlsFront extends Listener {
  private constructor(port: number) {
    const server = createTlsServer({ key: readFileSync(file("localhost.key")), cert: readFileSync(certificateFile) });
    super(server);
    server.on("tlsClientError", () => undefined);
    server.on("secureConnection", (socket) => {
      this.track(socket);
      this.join(socket, port, "127.0.0.1");
    });
  }

  static start(port: number): Promise<TlsFront> {
    return new TlsFront(port).listen();
  }
}

/** A TCP server that sends every client the same text and closes. With an empty text it only closes. */
export class Parrot extends Listener {
  private constructor(text: string) {
    const server = createTcpServer((socket) => socket.once("data", () => socket.end(text)));
    super(server);
  }

  static start(text: string): Promise<Parrot> {
    return new Parrot(text).listen();
  }
}

/** Returns a port on which no server listens. */
export async function freePort(): Promise<number> {
  await using parrot = await Parrot.start("");
  return parrot.port;
}

/** Runs a script in a process that has only these environment variables. Parses the JSON that it prints. */
export async function runAlone(script: string, env: Record<string, string>): Promise<unknown> {
  const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", script];
  // The limit ends a process that hangs, and the promise rejects.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, flags, { env, timeout: 45_000 });
  if (stderr !== "") throw new Error(stderr);
  return JSON.parse(stdout);
}

import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { TimeoutError, WebsocketConnectError } from "../../src/errors.ts";
import { WebsocketConnection, ReconnectingWebsocket } from "../../src/websocket/index.ts";
import { certificateFile, ConnectProxy, freePort, Parrot, rejection, runAlone, TlsFront } from "@turnwire/test-kit";
import { stubProxies } from "../support/proxy-variables.ts";
import { LoopbackServer, settingsFor } from "./helpers.ts";

beforeEach(() => stubProxies());
afterEach(() => void vi.unstubAllEnvs());

/** Opens a connection, sends a message over it and closes it. */
async function use(server: LoopbackServer, host = "127.0.0.1"): Promise<void> {
  const connection = await WebsocketConnection.open({ url: `ws://${host}:${server.port}/v1` }, settingsFor());
  (await server.next()).send("hello");
  expect(await connection.receive()).toBe("hello");
  await connection.close();
}

async function failure(url: string): Promise<WebsocketConnectError> {
  const error = await rejection(WebsocketConnection.open({ url }, settingsFor()));
  expect(error).toBeInstanceOf(WebsocketConnectError);
  return error as WebsocketConnectError;
}

/** All text of an error, with its causes. */
function all(error: unknown): string {
  return inspect(error, { depth: Infinity, showHidden: true });
}

describe("the environment's proxy", () => {
  it.each(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])("in %s applies to ws: addresses", async (name) => {
    await using server = await LoopbackServer.start();
    await using proxy = await ConnectProxy.start();
    stubProxies({ [name]: proxy.url });
    await use(server);
    expect(proxy.targets).toEqual([`127.0.0.1:${server.port}`]);
    expect(proxy.others).toEqual([]);
  });

  it("prefers lower-case variables to upper-case ones, and all_proxy comes last", async () => {
    await using server = await LoopbackServer.start();
    await using proxy = await ConnectProxy.start();
    const unusable = "http://127.0.0.1:1";
    stubProxies({ http_proxy: proxy.url, HTTP_PROXY: unusable, all_proxy: unusable });
    await use(server);
    stubProxies({ HTTP_PROXY: proxy.url, all_proxy: unusable });
    await use(server);
    expect(proxy.targets).toHaveLength(2);
  });

  it("may have no scheme", async () => {
    await using server = await LoopbackServer.start();
    await using proxy = await ConnectProxy.start();
    stubProxies({ HTTP_PROXY: proxy.host });
    await use(server);
    expect(proxy.targets).toHaveLength(1);
  });

  it("for https: does not apply to ws:", async () => {
    await using server = await LoopbackServer.start();
    await using proxy = await ConnectProxy.start();
    stubProxies({ HTTPS_PROXY: proxy.url });
    await use(server);
    expect(proxy.targets).toEqual([]);
  });

  it.each([
    ["NO_PROXY", () => "example.com,127.0.0.1"],
    ["no_proxy", () => "127.0.0.1 example.com"],
    ["NO_PROXY", (port: number) => `127.0.0.1:${port}`],
    ["NO_PROXY", () => "*"],
    ["no_proxy", () => ".0.0.1"],
  ])("is bypassed for the hosts of %s (%#)", async (name, value) => {
    await using server = await LoopbackServer.start();
    await using proxy = await ConnectProxy.start();
    stubProxies({ HTTP_PROXY: proxy.url, [name]: value(server.port) });
    await use(server);
    expect(proxy.targets).toEqual([]);
    stubProxies({ HTTP_PROXY: proxy.url, [name]: `127.0.0.1:${server.port + 1},example.com` });
    await use(server);
    expect(proxy.targets).toHaveLength(1);
  });

  it("is read at each connect", async () => {
    await using server = await LoopbackServer.start();
    await using proxy = await ConnectProxy.start();
    const service = new ReconnectingWebsocket(() => server.target);
    await service.connect();
    await service.disconnect();
    stubProxies({ HTTP_PROXY: proxy.url });
    await service.connect();
    await service.disconnect();
    stubProxies();
    await service.connect();
    await service.disconnect();
    expect(proxy.targets).toHaveLength(1);
    expect(server.requests).toHaveLength(3);
  });
});

describe("a proxy's credentials", () => {
  it.each([
    ["caller:s3cret", "caller:s3cret"],
    ["caller:p%40ss%3Aword%2F", "caller:p@ss:word/"],
    ["caller:100%", "caller:100%"],
    ["caller", "caller:"],
  ])("are sent as the URL has them: %s", async (userInfo, credentials) => {
    await using server = await LoopbackServer.start();
    await using proxy = await ConnectProxy.start({ credentials });
    stubProxies({ HTTP_PROXY: proxy.urlWith(userInfo) });
    await use(server);
    expect(server.requests[0]?.headers).not.toHaveProperty("proxy-authorization");
  });

  it("stay out of errors and logs", async () => {
    await using refusing = await ConnectProxy.start({ credentials: "caller:other" });
    const unusedHost = `127.0.0.1:${await freePort()}`;
    const [name, password] = ["s3cretName", "s3cretWord"];
    const encoded = Buffer.from(`${name}:${password}`).toString("base64");
    const proxies = [refusing.host, unusedHost, "not a host", "host:port"].map(
      (host) => `http://${name}:${password}@${host}`,
    );
    for (const proxy of [
      ...proxies,
      `socks5://${name}:${password}@${unusedHost}`,
      `${name}:${password}@${unusedHost}`,
    ]) {
      stubProxies({ HTTP_PROXY: proxy });
      const settings = settingsFor();
      const error = await rejection(
        WebsocketConnection.open(
          { url: "ws://127.0.0.1:9/", headers: { Authorization: "Bearer sk-abcdef123456" } },
          settings,
        ),
      );
      expect(error).toBeInstanceOf(WebsocketConnectError);
      const told = all([error, settings.logger]);
      for (const secret of [name, password, encoded, "sk-abcdef"]) expect(told).not.toContain(secret);
    }
  });
});

describe("a proxy that refuses a tunnel", () => {
  it.each([
    ["407 Proxy Authentication Required", 407, false],
    ["403 Forbidden", 403, false],
    ["405 Method Not Allowed", 405, false],
    ["501 Not Implemented", 501, false],
    ["502 Bad Gateway", 502, true],
    ["204 No Content", 204, false],
  ])("%s is reported as its refusal, with its host", async (refuse, status, retryable) => {
    await using server = await LoopbackServer.start();
    await using proxy = await ConnectProxy.start({ refuse });
    stubProxies({ HTTP_PROXY: proxy.url });
    const error = await failure(server.target.url);
    expect(error).toMatchObject({ code: "connection_refused", status, retryable });
    expect(error.headers).toMatchObject({ "proxy-authenticate": "Basic" });
    const said = `the proxy ${proxy.host} refused a tunnel to 127.0.0.1:${server.port} with status ${status}`;
    expect([error, error.cause].map((told) => (told as Error | undefined)?.message)).toContain(said);
    expect(server.requests).toEqual([]);
    await expect.poll(() => proxy.openCount).toBe(0);
  });

  it("is reported with its host if it cannot be reached", async () => {
    const host = `127.0.0.1:${await freePort()}`;
    stubProxies({ HTTP_PROXY: `http://${host}` });
    const error = await failure("ws://api.example/v1");
    expect(error).toMatchObject({ code: "connection_failed", retryable: true });
    expect(error.message).toBe(
      `cannot connect to api.example: no tunnel through the proxy ${host}: connect ECONNREFUSED ${host}`,
    );
  });

  it.each([
    ["hangs up", "", /connection ended before/],
    ["is no HTTP server", "SSH-2.0-OpenSSH\r\n\r\n", /not HTTP/],
  ])("is reported with its host if it %s", async (_, text, reason) => {
    await using parrot = await Parrot.start(text);
    stubProxies({ HTTP_PROXY: `http://127.0.0.1:${parrot.port}` });
    const error = await failure("ws://api.example/v1");
    expect(error).toMatchObject({ code: "connection_failed", retryable: true });
    expect(error.message).toContain(`no tunnel through the proxy 127.0.0.1:${parrot.port}: `);
    expect(error.message).toMatch(reason);
    await expect.poll(() => parrot.openCount).toBe(0);
  });

  it.each(["socks5://127.0.0.1:1080", "http://", "http://two words"])(
    "is reported at once if its URL is %s",
    async (value) => {
      stubProxies({ ALL_PROXY: value });
      const error = await failure("ws://api.example/v1");
      expect(error).toMatchObject({ code: "connection_failed", retryable: false });
      expect(error.message).toContain("cannot connect to api.example: ALL_PROXY: expected the URL of a proxy");
    },
  );

  it("is tried again like a server if the refusal is retryable", async () => {
    await using server = await LoopbackServer.start();
    await using proxy = await ConnectProxy.start({ refuse: "502 Bad Gateway" });
    stubProxies({ HTTP_PROXY: proxy.url });
    const service = new ReconnectingWebsocket(() => server.target, { backoff: { initialDelayMs: 1, maxAttempts: 3 } });
    expect(await rejection(service.connect())).toMatchObject({ status: 502 });
    expect(proxy.targets).toHaveLength(3);
  });
});

describe("no socket is left", () => {
  it("after a tunnel that never opens", async () => {
    await using proxy = await ConnectProxy.start({ silent: true });
    stubProxies({ HTTP_PROXY: proxy.url });
    const url = "ws://api.example/v1";
    const late = rejection(WebsocketConnection.open({ url }, settingsFor({ connectTimeoutMs: 50 })));
    expect(await late).toBeInstanceOf(TimeoutError);
    const controller = new AbortController();
    const aborted = rejection(WebsocketConnection.open({ url }, settingsFor(), controller.signal));
    await expect.poll(() => proxy.targets).toHaveLength(2);
    controller.abort(new Error("enough"));
    expect(await aborted).toMatchObject({ message: "enough" });
    await expect.poll(() => proxy.openCount).toBe(0);
  });

  it("after connections that were used", async () => {
    await using server = await LoopbackServer.start();
    await using proxy = await ConnectProxy.start();
    stubProxies({ HTTP_PROXY: proxy.url });
    const held = (): number => process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP")).length;
    const before = held();
    for (let count = 0; count < 50; count += 1) await use(server);
    const connection = await WebsocketConnection.open(server.target, settingsFor());
    const ended = once(await server.next(), "close");
    connection.terminate();
    await ended;
    expect(proxy.targets).toHaveLength(51);
    await expect.poll(() => [server.openCount, proxy.openCount]).toEqual([0, 0]);
    await expect.poll(held).toBeLessThanOrEqual(before);
  });
});

describe("a server with a private certificate", () => {
  const source = fileURLToPath(new URL("../../src/websocket/index.ts", import.meta.url));

  /** Starts a process that connects. Returns what it receives from the server, or why it receives nothing. */
  function hear(url: string, env: Record<string, string>): Promise<unknown> {
    const script = `
      import { ReconnectingWebsocket } from ${JSON.stringify(source)};
      // The stack trace is irrelevant for the kind of failure.
      Error.stackTraceLimit = 0;
      const service = new ReconnectingWebsocket(() => ({ url: ${JSON.stringify(url)} }), { backoff: { maxAttempts: 1 } });
      try {
        const connection = await service.connect();
        console.log(JSON.stringify(await connection.receive()));
      } catch (error) {
        console.log(JSON.stringify(error.message));
      }
      await service.disconnect();
    `;
    return runAlone(script, env);
  }

  async function greetNext(server: LoopbackServer): Promise<void> {
    (await server.next()).send("hello");
  }

  test("is trusted only with NODE_EXTRA_CA_CERTS, directly and through a proxy", async () => {
    await using server = await LoopbackServer.start();
    await using front = await TlsFront.start(server.port);
    await using proxy = await ConnectProxy.start({ credentials: "caller:s3cret" });
    await using proxyFront = await TlsFront.start(proxy.port);
    const trusted = { NODE_EXTRA_CA_CERTS: certificateFile };
    const proxied = { https_proxy: proxy.urlWith("caller:s3cret") };
    const proxiedOverTls = { HTTPS_PROXY: `https://caller:s3cret@localhost:${proxyFront.port}` };

    for (const host of ["localhost", "127.0.0.1"]) {
      const url = `wss://${host}:${front.port}/v1`;
      for (const env of [trusted, { ...trusted, ...proxied }, { ...trusted, ...proxiedOverTls }]) {
        const [heard] = await Promise.all([hear(url, env), greetNext(server)]);
        expect(heard).toBe("hello");
      }
    }
    expect(proxy.targets).toEqual(
      ["localhost", "localhost", "127.0.0.1", "127.0.0.1"].map((host) => `${host}:${front.port}`),
    );

    const url = `wss://localhost:${front.port}/v1`;
    const untrusted = `cannot connect to localhost:${front.port}: self-signed certificate`;
    for (const env of [{}, proxied]) expect(await hear(url, env)).toContain(untrusted);
  });
});

import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { type LLMService, ProviderError, TurnwireError, WebsocketConnectError } from "turnwire";
import { ResponsesServer } from "@turnwire/server";
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { certificateFile, ConnectProxy, contextOf, freePort, runAlone, say, TlsFront } from "@turnwire/test-kit";
import { stubProxies } from "../support/proxy-variables.ts";
import { overHttp, overWebsocket } from "../support/setup.ts";

beforeEach(() => stubProxies());
afterEach(() => void vi.unstubAllEnvs());

const hostOf = (server: ResponsesServer): string => new URL(server.url).host;

/** The error a turn ends with, which tells neither the key nor the proxy's password. */
async function failureOf(turn: Promise<unknown>): Promise<TurnwireError> {
  const error = await turn.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(TurnwireError);
  const told = inspect(error, { depth: Infinity, showHidden: true });
  for (const secret of ["s3cret", Buffer.from("caller:s3cret").toString("base64"), "test-key"]) {
    expect(told).not.toContain(secret);
  }
  return error as TurnwireError;
}

describe("through the environment's proxy", () => {
  it.each(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])("of %s goes everything", async (name) => {
    await using proxy = await ConnectProxy.start({ credentials: "caller:s3cret" });
    stubProxies({ [name]: proxy.urlWith("caller:s3cret") });
    await using socket = await overWebsocket();
    await using http = await overHttp();

    expect(await say(socket.llm, contextOf("Hi"), "and again")).not.toBe("");
    expect(await say(socket.llm, contextOf("Hi"), "on the same connection")).not.toBe("");
    expect(socket.records.map(({ transport }) => transport)).toEqual(["websocket", "websocket"]);
    expect(proxy.targets).toEqual([hostOf(socket.server)]);

    expect(await socket.llm.runInference(contextOf("Hi"))).not.toBe("");
    expect(proxy.targets).toEqual([hostOf(socket.server), hostOf(socket.server)]);

    expect(await say(http.llm, contextOf("Hi"), "over HTTP")).not.toBe("");
    expect(proxy.targets.slice(2)).toEqual([hostOf(http.server)]);
    expect(proxy.others).toEqual([]);
  });

  it("goes no request to a host of NO_PROXY, on either transport", async () => {
    await using proxy = await ConnectProxy.start();
    for (const value of ["127.0.0.1", "*", ".0.0.1", "example.com 127.0.0.1"]) {
      stubProxies({ HTTP_PROXY: proxy.url, NO_PROXY: value });
      await using socket = await overWebsocket();
      expect(await say(socket.llm, contextOf("Hi"), "directly")).not.toBe("");
      expect(await socket.llm.runInference(contextOf("Hi"))).not.toBe("");
    }
    // Suffixes count with a dot in front, as they do for the WebSocket.
    stubProxies({ HTTP_PROXY: proxy.url, NO_PROXY: "0.0.1" });
    await using socket = await overWebsocket();
    await say(socket.llm, contextOf("Hi"), "through it");
    await socket.llm.runInference(contextOf("Hi"));
    expect(proxy.targets).toEqual([hostOf(socket.server), hostOf(socket.server)]);
  });

  it("goes no request of the caller's own fetch", async () => {
    await using server = await ResponsesServer.start();
    await using proxy = await ConnectProxy.start();
    stubProxies({ HTTP_PROXY: proxy.url });
    const asked: string[] = [];
    const own: typeof fetch = (input, init) => {
      asked.push(typeof input === "string" ? input : "no text");
      return fetch(input, init);
    };
    await using http = await overHttp({}, { baseURL: server.url, fetch: own });
    expect(await say(http.llm, contextOf("Hi"), "directly")).not.toBe("");
    expect(await http.llm.runInference(contextOf("Hi"))).not.toBe("");
    expect(asked).toEqual([`${server.url}/responses`, `${server.url}/responses`]);
    expect(proxy.targets).toEqual([]);
  });
});

describe("a proxy that refuses", () => {
  it.each([
    ["407 Proxy Authentication Required", 407],
    ["403 Forbidden", 403],
    ["405 Method Not Allowed", 405],
    ["501 Not Implemented", 501],
  ])("with %s is asked for HTTP too, and then is the error", async (refuse, status) => {
    await using proxy = await ConnectProxy.start({ refuse });
    stubProxies({ HTTP_PROXY: proxy.urlWith("caller:s3cret") });
    // 501 is one of the statuses that HTTP requests are made again for.
    await using socket = await overWebsocket({}, { timeouts: { retryMs: 0 } });
    const error = await failureOf(say(socket.llm, contextOf("Hi"), "in vain"));
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({ code: `http_${status}`, status });
    const said = `the proxy ${proxy.host} refused a tunnel to ${hostOf(socket.server)} with status ${status}`;
    expect(error.message).toContain(said);
    expect(proxy.targets).toHaveLength(2);
  });

  it("is final where HTTP is not allowed, and for HTTP itself", async () => {
    await using proxy = await ConnectProxy.start({ credentials: "caller:other" });
    stubProxies({ HTTP_PROXY: proxy.urlWith("caller:s3cret") });
    await using socket = await overWebsocket({}, { httpFallback: false });
    const refused = await failureOf(say(socket.llm, contextOf("Hi"), "in vain"));
    expect(refused).toBeInstanceOf(WebsocketConnectError);
    expect(refused).toMatchObject({ status: 407, retryable: false });
    expect(proxy.targets).toHaveLength(1);

    await using http = await overHttp();
    expect(await failureOf(say(http.llm, contextOf("Hi"), "in vain"))).toMatchObject({ status: 407, retryable: false });
    expect(await failureOf(http.llm.runInference(contextOf("Hi")))).toMatchObject({ status: 407 });
    expect(proxy.targets).toHaveLength(3);
  });

  it("with 502 is retried while connecting, since no other transport would help", async () => {
    await using proxy = await ConnectProxy.start({ refuse: "502 Bad Gateway" });
    stubProxies({ HTTP_PROXY: proxy.url });
    await using socket = await overWebsocket({}, { backoff: { initialDelayMs: 1, maxAttempts: 2 } });
    expect(await failureOf(say(socket.llm, contextOf("Hi"), "in vain"))).toMatchObject({ status: 502 });
    expect(proxy.targets).toHaveLength(2);
    expect(socket.records.at(-1)).not.toMatchObject({ transport: "http" });
  });
});

test("the error names the host of a proxy that cannot be reached, on either transport", async () => {
  const host = `127.0.0.1:${await freePort()}`;
  stubProxies({ HTTP_PROXY: `http://caller:s3cret@${host}` });
  const reason = `no tunnel through the proxy ${host}: connect ECONNREFUSED`;
  await using socket = await overWebsocket({}, { backoff: { maxAttempts: 1 } });
  await using http = await overHttp({}, { timeouts: { retryMs: 0 } });
  const turns = [
    () => say(socket.llm, contextOf("Hi"), "in vain"),
    () => socket.llm.runInference(contextOf("Hi")),
    () => say(http.llm, contextOf("Hi"), "in vain"),
  ];
  for (const turn of turns) {
    const error = await failureOf(turn());
    expect(error.code).toBe("connection_failed");
    expect(error.message).toContain(reason);
  }
});

test("the error names the variable of a proxy that is not an HTTP proxy", async () => {
  stubProxies({ all_proxy: "socks5://caller:s3cret@127.0.0.1:1080" });
  await using socket = await overWebsocket();
  await using http = await overHttp();
  const turns: LLMService[] = [socket.llm, http.llm];
  for (const llm of turns) {
    const error = await failureOf(say(llm, contextOf("Hi"), "in vain"));
    expect(error.message).toContain("all_proxy: expected the URL of a proxy");
    expect(error.retryable).toBe(false);
  }
});

test("a proxied answer over HTTP can be interrupted", async () => {
  await using proxy = await ConnectProxy.start();
  stubProxies({ HTTP_PROXY: proxy.url });
  await using http = await overHttp({
    async *brain() {
      yield { type: "text", delta: "one " };
      await new Promise(() => undefined);
    },
  });
  const controller = new AbortController();
  for await (const frame of http.llm.stream(contextOf("Hi"), { signal: controller.signal })) {
    if (frame.constructor.name === "LLMTextFrame") controller.abort();
  }
  await expect.poll(() => proxy.openCount).toBe(0);
});

describe("a process of its own", () => {
  const source = fileURLToPath(new URL("../../src/index.ts", import.meta.url));

  interface Told {
    socket: string;
    http: string;
    inference: string;
    transports: string[];
    error?: string;
    loadsProxyAgent: boolean;
    /** The resources that keep the process alive when all services have been stopped. */
    held: string[];
  }

  /** Takes a turn over each transport and an inference in a process that has just these variables. */
  async function converse(baseURL: string, env: Record<string, string>): Promise<Told> {
    const script = `
      import { registerHooks } from "node:module";
      const loaded = [];
      registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
      const turnwire = await import(${JSON.stringify(source)});
      const { LLMContext, LLMTextFrame, OpenAIResponsesHttpLLMService, OpenAIResponsesLLMService } = turnwire;
      const options = { apiKey: "test-key", baseURL: ${JSON.stringify(baseURL)}, timeouts: { retryMs: 0 } };
      const newContext = () => new LLMContext({ messages: [{ role: "user", content: "Hi" }] });
      const transports = [];
      async function turn(llm) {
        llm.on("inference", ({ transport }) => transports.push(transport));
        let text = "";
        for await (const frame of llm.respond(newContext())) if (frame instanceof LLMTextFrame) text += frame.text;
        return text;
      }
      const llm = new OpenAIResponsesLLMService({ ...options, backoff: { maxAttempts: 1 } });
      const overHttp = new OpenAIResponsesHttpLLMService(options);
      const told = {};
      try {
        Object.assign(told, { socket: await turn(llm), http: await turn(overHttp), transports });
        told.inference = await llm.runInference(newContext());
      } catch (error) {
        told.error = error.message;
      }
      await Promise.all([llm.stop(), overHttp.stop()]);
      told.loadsProxyAgent = loaded.some((url) => url.includes("https-proxy-agent"));
      // A closed socket is released a little later; an idle tunnel would be there for seconds.
      await new Promise(setImmediate);
      told.held = process.getActiveResourcesInfo().filter((kind) => /^T(CP|LS)/.test(kind));
      console.log(JSON.stringify(told));
    `;
    return (await runAlone(script, env)) as Told;
  }

  it("ends by itself after a stop, and loads the agent only for a proxy", async () => {
    await using server = await ResponsesServer.start();
    await using proxy = await ConnectProxy.start();
    for (const env of [{}, { HTTP_PROXY: proxy.url }, { HTTP_PROXY: proxy.url, NO_PROXY: "127.0.0.1" }]) {
      const told = await converse(server.url, env);
      expect(told.transports).toEqual(["websocket", "http"]);
      for (const text of [told.socket, told.http, told.inference]) expect(text).not.toBe("");
      expect(told.loadsProxyAgent).toBe("HTTP_PROXY" in env && !("NO_PROXY" in env));
      expect(told.held).toEqual([]);
    }
    // The WebSocket, and a client for each service.
    expect(proxy.targets).toHaveLength(3);
  });

  it("trusts by NODE_EXTRA_CA_CERTS on either transport, directly and through a proxy", async () => {
    await using server = await ResponsesServer.start();
    await using front = await TlsFront.start(Number(new URL(server.url).port));
    await using proxy = await ConnectProxy.start({ credentials: "caller:s3cret" });
    await using proxyFront = await TlsFront.start(proxy.port);
    const baseURL = `https://localhost:${front.port}/v1`;
    const trusted = { NODE_EXTRA_CA_CERTS: certificateFile };
    const proxied = { HTTPS_PROXY: proxy.urlWith("caller:s3cret") };
    const proxiedOverTls = { https_proxy: `https://caller:s3cret@localhost:${proxyFront.port}` };
    for (const env of [trusted, { ...trusted, ...proxied }, { ...trusted, ...proxiedOverTls }]) {
      const told = await converse(baseURL, env);
      expect(told).toMatchObject({ transports: ["websocket", "http"], held: [] });
      for (const text of [told.socket, told.http, told.inference]) expect(text).not.toBe("");
    }
    expect(proxy.targets).toEqual(Array.from({ length: 6 }, () => `localhost:${front.port}`));
    for (const env of [{}, proxied]) expect((await converse(baseURL, env)).error).toContain("self-signed certificate");
  });
});

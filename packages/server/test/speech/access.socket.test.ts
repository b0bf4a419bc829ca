import { describe, expect, it } from "vitest";
import { SpeechServer } from "../../src/speech/index.ts";
import { SpeechClient, token } from "./support/speech-client.ts";

const uuid = expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/) as string;
const start = (apiKeys?: string[]): Promise<SpeechServer> =>
  SpeechServer.start({ voice: "tones", ...(apiKeys === undefined ? {} : { apiKeys }) });

describe("who gets in", () => {
  it("is anybody with some credentials, in each of the documented forms", async () => {
    // https://developers.deepgram.com/docs/authenticating
    await using server = await start();
    for (const headers of [
      { authorization: "Token whatever" },
      { authorization: "token whatever" },
      { authorization: "Bearer a.b.c" },
    ]) {
      await using client = await SpeechClient.connect(server.speakURL, headers);
      expect((await client.message()).type).toBe("Metadata");
    }
    // As from a browser, which cannot set headers. The key is not sent back.
    await using browser = await SpeechClient.connect(server.speakURL, {}, ["token", "whatever"]);
    expect(browser.socket.protocol).toBe("token");
  });

  it("is nobody without, or with a wrong key where there are keys", async () => {
    await using open = await start();
    await using server = await start(["right", "left"]);
    const wrong: ReadonlyArray<[string, Record<string, string>]> = [
      [open.listenURL, {}],
      [open.listenURL, { authorization: "Basic eHg6eXk=" }],
      [server.listenURL, { authorization: "Token wrong" }],
      [server.speakURL, { authorization: "Bearer right" }],
    ];
    for (const [url, headers] of wrong) {
      const refusal = await SpeechClient.refused(url, headers);
      expect(refusal.status).toBe(401);
      // https://developers.deepgram.com/docs/errors, "Incorrect API key"
      expect(refusal.body).toEqual({ err_code: "INVALID_AUTH", err_msg: "Invalid credentials.", request_id: uuid });
      expect(refusal.headers).toMatchObject({
        "dg-error": "Invalid credentials.",
        "dg-request-id": refusal.body["request_id"],
      });
    }
    for (const key of ["right", "left"]) {
      await using client = await SpeechClient.connect(server.speakURL, { authorization: `Token ${key}` });
      expect((await client.message()).type).toBe("Metadata");
    }
  });

  it("is no web page of another host", async () => {
    await using server = await start();
    const refusals = [
      await SpeechClient.refused(server.speakURL, { ...token, origin: "https://example.com" }),
      await SpeechClient.refused(server.speakURL, { ...token, host: "rebound.example" }),
    ];
    expect(refusals.map(({ status }) => status)).toEqual([403, 403]);
    await using client = await SpeechClient.connect(server.speakURL, { ...token, origin: "http://localhost:5173" });
    expect((await client.message()).type).toBe("Metadata");
  });
});

describe("the parameters", () => {
  it.each([
    ["listen", "encoding=linear16", "INVALID_QUERY_PARAMETER", "sample_rate is needed where encoding is given."],
    ["listen", "encoding=opus&sample_rate=16000", "UNSUPPORTED_AUDIO_FORMAT", "encoding opus is not served here"],
    ["listen", "encoding=linear16&sample_rate=fast", "INVALID_QUERY_PARAMETER", "sample_rate must be a whole number"],
    ["listen", "interim_results=yes", "INVALID_QUERY_PARAMETER", "interim_results must be true or false."],
    ["listen", "utterance_end_ms=1000", "INVALID_QUERY_PARAMETER", "utterance_end_ms needs interim_results=true."],
    ["listen", "endpointing=soon", "INVALID_QUERY_PARAMETER", "endpointing must be a whole number"],
    ["listen", "encoding=linear16&sample_rate=16000&channels=0", "INVALID_QUERY_PARAMETER", "channels must be"],
    ["speak", "encoding=mulaw", "UNSUPPORTED_AUDIO_FORMAT", "which knows linear16 only."],
    ["speak", "encoding=%0d%0aevil", "UNSUPPORTED_AUDIO_FORMAT", "The encoding is not served here"],
    ["speak", "sample_rate=11025", "UNSUPPORTED_AUDIO_FORMAT", "sample_rate must be one of 8000, 16000"],
  ])("of /v1/%s that cannot be are a 400: %s", async (path, query, code, message) => {
    await using server = await start();
    const refusal = await SpeechClient.refused(`${server.url}/v1/${path}?${query}`);
    expect(refusal.status).toBe(400);
    expect(refusal.body).toEqual({
      err_code: code,
      err_msg: expect.stringContaining(message) as string,
      request_id: uuid,
    });
    expect(refusal.headers["dg-error"]).toBe(refusal.body["err_msg"]);
  });

  it("are those that mean nothing here as well", async () => {
    await using server = await start();
    const query = "encoding=linear16&sample_rate=16000&language=en-US&diarize=true&keyterm=a&keyterm=b&tag=test";
    await using client = await SpeechClient.connect(`${server.listenURL}?${query}`);
    await client.settled();
    expect(server.connections[0]!.query).toMatchObject({ language: "en-US", tag: "test", keyterm: "b" });
  });
});

describe("what there is beside", () => {
  it("is whether it is well, and nothing else", async () => {
    await using server = await start();
    const http = server.url.replace("ws", "http");
    const healthy = await fetch(`${http}/healthz`);
    expect([healthy.status, await healthy.json()]).toEqual([200, { status: "ok", voice: "tones" }]);
    const other = await fetch(`${http}/v1/speak`, { method: "POST", body: "{}" });
    expect([other.status, await other.json()]).toMatchObject([404, { err_code: "NOT_FOUND" }]);
    expect((await SpeechClient.refused(`${server.url}/v2/listen`)).status).toBe(404);
  });
});

import { expect, test } from "vitest";
import { InvalidArgumentError } from "turnwire/internal";
import {
  MemoryStore,
  recordingBrain,
  ResponsesServer,
  rulesBrain,
  scriptBrain,
  SqliteStore,
  upstreamBrain,
} from "../src/index.ts";
import { sayScript, SpeechServer } from "../src/speech/index.ts";

/** What JavaScript callers can give. */
type Anything = never;

async function refusal(make: () => unknown): Promise<unknown> {
  try {
    await make();
  } catch (error) {
    return error;
  }
  return "nothing";
}

function refuses(
  cases: ReadonlyArray<readonly [given: unknown, message: string]>,
  make: (given: Anything) => unknown,
): void {
  test.each(cases)("refuses %j: %s", async (given, message) => {
    const error = await refusal(() => make(given as Anything));
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain("secret");
  });
}

refuses(
  [
    [{ prot: 80 }, "prot: unknown option of ResponsesServer.start(); did you mean `port`?"],
    [{ clock: {} }, "clock: unknown option of ResponsesServer.start(); it belongs in `environment`"],
    [{ port: 70_000 }, "port: expected a whole number from 0 to 65535, got the number 70000"],
    [{ apiKeys: "secret" }, "apiKeys: expected an array, got a string"],
    [{ apiKeys: [""] }, "apiKeys[0]: expected a string that is not blank, got an empty string"],
    [{ apiKeys: [] }, "apiKeys: expected at least one key, got none; leave it out to let everyone in"],
    [{ hostname: "localhost" }, "hostname: unknown option of ResponsesServer.start(); it is called `host`"],
    [
      8080,
      "options: expected an object with the options of ResponsesServer.start(), got the number 8080; give the port as { port }",
    ],
    [{ brain: {} }, "brain: expected a function, got an object"],
    [{ dialect: "klingon" }, 'dialect: expected "openai", "openai-no-lanes", "xai"'],
    [{ dialect: { lanes: true } }, 'dialect.lanes: expected "echo", "ignore" or "refuse", got the boolean true'],
    [{ dialect: { warmup: "yes" } }, "dialect.warmup: unknown field of a dialect; did you mean `dialect.warmUp`?"],
    [{ cancel: "maybe" }, 'cancel: expected "honour", "refuse" or "ignore", got a string'],
    [{ maxConnectionAgeMs: 0 }, "maxConnectionAgeMs: expected milliseconds above 0, up to 2^31 - 1, got the number 0"],
    [{ maxConnections: 1.5 }, "maxConnections: expected a whole number of at least 0, got the number 1.5"],
    [{ store: new Map() }, "store: expected a response store, got an object"],
    [{ tokenizer: "guess" }, 'tokenizer: expected "estimate" or "exact" or a token counter, got a string'],
    [{ timing: { perTokenMs: -1 } }, "timing.perTokenMs: expected a number of at least 0, got the number -1"],
    [
      { timing: { firstToken: 1 } },
      "timing.firstToken: unknown option of `timing`; did you mean `timing.firstTokenMs`?",
    ],
    [
      {
        faults: [
          { fault: "drop", event: 1 },
          { fault: "close", code: 1006 },
        ],
      },
      "faults[1].code: expected a close code",
    ],
    [{ environment: { clock: Date } }, "environment.clock: expected a clock, got a function"],
  ],
  (options) => ResponsesServer.start(options),
);

refuses(
  [
    [null, "faults[0]"],
    [{ fault: "explode" }, 'faults[0].fault: expected "close", "reset", "half-open"'],
    [{ fault: "delay" }, "faults[0].ms: expected milliseconds from 0 to 2^31 - 1, got undefined"],
    [{ fault: "reset", request: 0 }, "faults[0].request: expected a whole number of at least 1, got the number 0"],
    [
      { fault: "reset", tims: 3 },
      'faults[0].tims: unknown field of the fault "reset"; did you mean `faults[0].times`?',
    ],
    [{ fault: "refuse", event: 1 }, 'faults[0]: "refuse" can be injected at connection, not at event'],
    [{ fault: "error", shape: "round" }, 'faults[0].shape: expected "wrapped", "flat"'],
    [
      { fault: "refuse", retryAfter: "so\non" },
      "faults[0].retryAfter: expected a whole number of at least 0 or printable",
    ],
  ],
  (fault) => ResponsesServer.start({ faults: [fault] }),
);

refuses(
  [
    [{ voices: "tones" }, "voices: unknown option of SpeechServer.start(); did you mean `voice`?"],
    [{ voice: "loud" }, 'voice: expected "auto", "espeak" or "tones" or a voice with speak(), got a string'],
    [{ apiKeys: [" "] }, "apiKeys[0]: expected a string that is not blank"],
    [{ apiKeys: [] }, "apiKeys: expected at least one key, got none"],
    [{ hostname: "localhost" }, "hostname: unknown option of SpeechServer.start(); it is called `host`"],
    [8080, "got the number 8080; give the port as { port }"],
    [{ latencyMs: -1 }, "latencyMs: expected milliseconds from 0 to 2^31 - 1, got the number -1"],
    [{ interimMs: 5 }, "interimMs: expected a number from 10 to 2147483647, got the number 5"],
    [{ realtimeFactor: 0 }, "realtimeFactor: expected a number of at least 0.01, got the number 0"],
    [{ faults: [{ fault: "drop", status: 500 }] }, 'faults[0].status: unknown field of the fault "drop"'],
    [{ faults: [{ fault: "refuse", afterAudioMs: 5 }] }, 'faults[0].afterAudioMs: unknown field of the fault "refuse"'],
    [{ faults: [{ fault: "slow" }] }, "faults[0].ms: expected milliseconds"],
    [{ script: "hello" }, "script: expected a function or a list of words, got a string"],
    [{ script: [{ word: " ", startMs: 0, endMs: 9 }] }, "script[0].word: expected a word, got a string"],
    [
      { script: [{ word: "a", startMs: 9, endMs: 9 }] },
      "script[0].endMs: expected more than startMs, got the number 9",
    ],
    [
      {
        script: [
          { word: "b", startMs: 5, endMs: 20 },
          { word: "a", startMs: 0, endMs: 9 },
        ],
      },
      "script[0].startMs: expected at least 9, the end of the word before it, got the number 5",
    ],
  ],
  (options) => SpeechServer.start(options),
);

refuses(
  [
    [[[{ text: "a" }]], "lines[0].atMs: expected milliseconds from 0 to 2^31 - 1, got undefined"],
    [[[], { tail: 5 }], "tail: unknown option of sayScript()"],
  ],
  ([lines, options]: [Anything, Anything]) => sayScript(lines, options),
);

refuses(
  [
    [{}, "url: expected a URL, got undefined"],
    [{ baseURL: "http://localhost/v1" }, "baseURL: unknown option of upstreamBrain(); it is called `url` here"],
    [{ url: "localhost:11434" }, "url: expected an http: or https: URL"],
    [{ url: "http://user:secret@localhost/v1" }, "url: credentials in the URL are not sent"],
    [{ url: "http://localhost/v1/chat/completions" }, "url: names an endpoint"],
    [{ url: "http://localhost", api: "assistants" }, 'api: expected "chat" or "responses", got a string'],
    [{ url: "http://localhost", timeoutMs: 0 }, "timeoutMs: expected milliseconds above 0"],
    [{ url: "http://localhost", headers: { a: 1 } }, "headers.a: expected a string, got the number 1"],
  ],
  (options) => upstreamBrain(options),
);

refuses(
  [
    [{ turns: {} }, "turns: expected an array, got an object"],
    [{ turns: [], version: 2 }, "version: expected 1, got the number 2"],
    [{ turns: [], turn: 1 }, "turn: unknown field of a fixture; did you mean `turns`?"],
    [{ turns: [{}] }, "turns[0].reply: expected a string or an object or an array, got undefined"],
    [{ turns: [{ reply: "x", times: 0 }] }, "turns[0].times: expected a whole number of at least 1, got the number 0"],
    [{ turns: [{ reply: "x", when: { user: 3 } }] }, "turns[0].when.user: expected a string, or an object"],
    [{ turns: [{ reply: "x", when: { user: { pattern: "(" } } }] }, "turns[0].when.user.pattern: is not a regular"],
    [{ turns: [{ reply: "x", when: { users: "x" } }] }, "turns[0].when.users: unknown field of a condition; did you"],
    [{ turns: [{ reply: "x", when: { toolOutput: "x" } }] }, "turns[0].when.toolOutput: expected true or an object"],
    [{ turns: [{ reply: [{ text: [1] }] }] }, "turns[0].reply[0].text[0]: expected a string, got the number 1"],
    [{ turns: [{ reply: { text: "a", delay: 1 } }] }, "turns[0].reply.delay: unknown field of a piece with text"],
    [
      { turns: [{ reply: { say: "a" } }] },
      "turns[0].reply.say: unknown field of a piece; the fields are text, refusal",
    ],
    [{ turns: [{ reply: {} }] }, "turns[0].reply: expected one of text, refusal"],
    [{ turns: [{ reply: { call: "a", arguments: 1 } }] }, "turns[0].reply.arguments: expected a string or an object"],
    [{ turns: [{ reply: { error: { status: 200, message: "" } } }] }, "turns[0].reply.error.status: expected a whole"],
    [{ turns: [{ reply: { usage: { inputTokens: 1 } } }] }, "turns[0].reply.usage.outputTokens: expected a whole"],
    [{ turns: [], fallback: [{ text: "x", delayMs: -1 }] }, "fallback[0].delayMs: expected milliseconds"],
  ],
  (fixture) => scriptBrain(fixture),
);

refuses(
  [
    [() => rulesBrain({ msPerTokens: 5 } as Anything), "msPerTokens: unknown option of rulesBrain(); did you mean"],
    [() => rulesBrain({ firstTokenMs: -5 }), "firstTokenMs: expected milliseconds from 0"],
    [
      () => scriptBrain({ turns: [] }, { delay: true } as Anything),
      "delay: unknown option of scriptBrain(); did you mean",
    ],
    [() => recordingBrain({} as Anything, "file.json"), "inner: expected a function, got an object"],
    [() => recordingBrain(rulesBrain(), 5 as Anything), "path: expected a non-empty string or a URL, got the number 5"],
    [() => new MemoryStore(-1), "limit: expected a whole number of at least 0, got the number -1"],
    [
      () => Reflect.construct(ResponsesServer, []),
      "constructor: ResponsesServer is not made with new; call await ResponsesServer.start()",
    ],
    [() => Reflect.construct(SpeechServer, []), "SpeechServer is not made with new; call await SpeechServer.start()"],
    [() => new SqliteStore(""), "path: expected a non-empty string, got an empty string"],
  ],
  (make: () => unknown) => make(),
);

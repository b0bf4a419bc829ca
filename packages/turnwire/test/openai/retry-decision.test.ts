import { describe, expect, it } from "vitest";
import {
  InvalidArgumentError,
  LostAfterOutputError,
  MissingApiKeyError,
  ProviderError,
  RequestTooLargeError,
  SteeringError,
  TimeoutError,
  TurnwireError,
  WebsocketClosedError,
  WebsocketConnectError,
  WebsocketReconnectedError,
  WebsocketUnstableError,
} from "../../src/errors.ts";
import type { RetryReason } from "../../src/llm/index.ts";
import { lostAnswer } from "../../src/openai/http/http-errors.ts";
import { ambiguousCode, type AttemptState, decideRetry, type RetryDecision } from "../../src/openai/retry/index.ts";
import { providerError, type WireError } from "../../src/protocol/index.ts";
import { reasonsGivenBy, rowsBy } from "./documented.ts";

const before: AttemptState = {
  hasOutput: false,
  characters: 0,
  continued: false,
  failures: new Map(),
  budgetMs: 10_000,
  retryOnTimeout: false,
  canUseHttp: true,
  onConnectionLost: "fail",
  random: () => 1,
};

/** The state after this many attempts failed for the reason. */
const after = (why: RetryReason, times: number): Partial<AttemptState> => ({ failures: new Map([[why, times]]) });

const decided = (error: unknown, state: Partial<AttemptState> = {}): RetryDecision =>
  decideRetry(error, { ...before, ...state });

const fails = (error: unknown): RetryDecision => ({ kind: "fail", error });
const overHttp = (reason: RetryReason, lasting: boolean): RetryDecision => ({ kind: "use-http", reason, lasting });
const waits = (reason: RetryReason, delayMs: number): RetryDecision => ({ kind: "retry-later", reason, delayMs });
const everything: RetryDecision = { kind: "retry", reason: "connection-lost", action: "send-everything" };
const noOutput: RetryDecision = { kind: "retry", reason: "no-output", action: "replace-connection" };
const noStreamId: RetryDecision = { kind: "retry", reason: "lanes-refused", action: "use-no-lanes" };
const forgets: RetryDecision = { kind: "retry", reason: "response-gone", action: "forget-parent" };
const replaces = (reason: RetryReason): RetryDecision => ({ kind: "retry", reason, action: "replace-connection" });
const resumes: RetryDecision = { kind: "resume", reason: "answer-broke-off" };

const refused = (status: number, retryable = false): WebsocketConnectError =>
  new WebsocketConnectError("refused", { status, retryable });
const unreachable = new WebsocketConnectError("no answer", { retryable: true });
const closed = new WebsocketClosedError(1006, "", { retryable: true });
const closedForGood = new WebsocketClosedError(1008, "policy");
const triedAgain = new WebsocketClosedError(1006, "", { retryable: true, cause: unreachable });
const reconnected = new WebsocketReconnectedError({ cause: closed });
const noOutputInTime = new TimeoutError("output", 5000);
const tooLarge = new RequestTooLargeError(16_000_000, 15_728_640);
const httpWithoutAnswer = new TurnwireError("connection_failed", "the HTTP request failed", { retryable: true });
const httpStreamEnded = lostAnswer(new Error("the event stream ended"));
const served = (wire: WireError): ProviderError => providerError(wire);
const coded = (code: string): ProviderError => providerError({ code });
const ambiguous = coded(ambiguousCode);

interface Case {
  name: string;
  error: unknown;
  state?: Partial<AttemptState>;
  decision: RetryDecision;
}

interface DocumentedCase extends Case {
  /** The row of the table in docs/interruption.md, by its fault. */
  row: string;
}

const rowOf = {
  upgrade: "the upgrade was refused for good, with httpFallback",
  tooLarge: "the request is over 15 MiB, with httpFallback",
  lost: "the connection was lost",
  timeout: "no output in time, with retryOnTimeout",
  streamId: "the server takes no stream_id",
  notFound: "previous_response_not_found",
  limits: "websocket_connection_limit_reached, websocket_stream_limit_reached",
  ambiguous: "an error that may have been a cancel's answer",
  backOff: "what the server calls temporary: 408, 429, 5xx, overload; an HTTP request without an answer",
  final: "everything else, or a wait that timeouts.retryMs does not cover",
} as const;

const inRow = (row: string, name: string, error: unknown, decision: RetryDecision): DocumentedCase => {
  return { row, name, error, decision };
};

const beforeOutput: DocumentedCase[] = [
  // Another transport.
  ...[400, 403, 404, 405, 407, 426, 501].map((code) =>
    inRow(
      rowOf.upgrade,
      `an upgrade refused with ${code} goes over HTTP`,
      refused(code),
      overHttp("websocket-refused", true),
    ),
  ),
  {
    row: rowOf.upgrade,
    name: "a connection that was lost and then refused goes over HTTP",
    error: new WebsocketClosedError(1006, "", { retryable: true, cause: refused(426) }),
    decision: overHttp("websocket-refused", true),
  },
  {
    row: rowOf.tooLarge,
    name: "a request that is too large goes over HTTP, and only that turn",
    error: tooLarge,
    decision: overHttp("request-too-large", false),
  },

  // At once.
  {
    row: rowOf.lost,
    name: "a connection that was lost and replaced is given everything",
    error: reconnected,
    decision: everything,
  },
  {
    row: rowOf.lost,
    name: "a connection lost a second time is replaced again",
    error: reconnected,
    state: after("connection-lost", 1),
    decision: everything,
  },
  {
    row: rowOf.timeout,
    name: "a turn without output in time is retried",
    error: noOutputInTime,
    state: { retryOnTimeout: true },
    decision: noOutput,
  },
  {
    row: rowOf.streamId,
    name: "an error about stream_id has it left out",
    error: served({ code: "unknown_parameter", param: "stream_id", status: 400 }),
    decision: noStreamId,
  },
  {
    row: rowOf.streamId,
    name: "an error about stream_id without a code has it left out",
    error: served({ param: "stream_id", status: 400 }),
    decision: noStreamId,
  },
  {
    row: rowOf.streamId,
    name: "invalid_stream_id has the stream_id left out",
    error: coded("invalid_stream_id"),
    decision: noStreamId,
  },
  {
    row: rowOf.notFound,
    name: "a response that has gone is forgotten",
    error: coded("previous_response_not_found"),
    state: { continued: true },
    decision: forgets,
  },
  {
    row: rowOf.limits,
    name: "a connection of the greatest age is replaced",
    error: coded("websocket_connection_limit_reached"),
    decision: replaces("connection-limit"),
  },
  {
    row: rowOf.limits,
    name: "a connection without further lanes is replaced",
    error: coded("websocket_stream_limit_reached"),
    decision: replaces("lane-limit"),
  },
  {
    row: rowOf.ambiguous,
    name: "a connection with an error of unknown owner is replaced",
    error: ambiguous,
    decision: replaces("ambiguous-error"),
  },

  // After back-off.
  ...[408, 429, 500, 502, 503, 504, 529].map((code) =>
    inRow(
      rowOf.backOff,
      `the status ${code} without a code is waited out`,
      served({ status: code }),
      waits(code === 429 ? "rate-limited" : "server-failed", 250),
    ),
  ),
  ...["connection_closed", "connection_failed"].map((code) =>
    inRow(
      rowOf.backOff,
      `the server's own code ${code} with the status 500 is the server's failure`,
      served({ code, status: 500 }),
      waits("server-failed", 250),
    ),
  ),
  ...(
    [
      ["rate_limit_exceeded", "rate-limited"],
      ["slow_down", "rate-limited"],
      ["server_error", "server-failed"],
      ["server_is_overloaded", "server-failed"],
      ["timeout", "server-failed"],
    ] as const
  ).map(([code, reason]) =>
    inRow(rowOf.backOff, `the code ${code} without a status is waited out`, coded(code), waits(reason, 250)),
  ),
  {
    row: rowOf.backOff,
    name: "an HTTP request without an answer is made again",
    error: httpWithoutAnswer,
    state: { canUseHttp: false },
    decision: waits("no-answer", 250),
  },
  {
    row: rowOf.backOff,
    name: "an HTTP event stream that broke off before output is asked for again",
    error: httpStreamEnded,
    state: { canUseHttp: false },
    decision: waits("no-answer", 250),
  },

  // Final.
  ...[
    "insufficient_quota",
    "invalid_api_key",
    "context_length_exceeded",
    "billing_hard_limit_reached",
    "model_not_found",
    "unsupported_country_region_territory",
  ].map((code): DocumentedCase => {
    const error = served({ code, status: 429 });
    return inRow(rowOf.final, `the code ${code} is final, even with the status 429`, error, fails(error));
  }),
  ...[400, 401, 403, 404, 409, 422].map((code): DocumentedCase => {
    const error = served({ status: code });
    return inRow(rowOf.final, `the status ${code} of a request is final`, error, fails(error));
  }),
  ...[200, 401, 402, 410, 505].map((code): DocumentedCase => {
    const error = refused(code);
    return inRow(rowOf.final, `an upgrade refused with ${code} is final`, error, fails(error));
  }),
  ...[408, 425, 429, 500, 503].map((code): DocumentedCase => {
    const error = refused(code, true);
    return inRow(rowOf.final, `an upgrade refused with ${code} has been tried often enough`, error, fails(error));
  }),
];

const finals: DocumentedCase[] = (
  [
    ["an upgrade refused for good is final without HTTP", refused(426), { canUseHttp: false }],
    ["a request that is too large is final without HTTP", tooLarge, { canUseHttp: false }],
    ["a close that would come again is final", closedForGood],
    ["a close is final when the connection has not been replaced", closed],
    ["a close after which a connection was tried is final", triedAgain],
    ["a connection that could not be made has been tried often enough", unreachable],
    ["connections that die at once are final", new WebsocketUnstableError(3, 5000)],
    ["a time-out is final unless turns are to be asked again", noOutputInTime],
    ["a first event that did not come is final", new TimeoutError("first event", 60_000)],
    ["an unknown previous response of a request that continued nothing is final", coded("previous_response_not_found")],
    ["an error without a code or a status is final", served({})],
    ["a response that failed without a code is final", served({ code: "response_failed" })],
    ["a text that is not the finished one is final", new ProviderError("invalid_response", "differs")],
    ["an invalid argument is final", new InvalidArgumentError("messages[0].role", "no")],
    ["a missing key is final", new MissingApiKeyError("no key")],
    ["a TurnwireError is not a provider's for saying that it may be tried again", retryableError()],
    ["an error of another kind is final", new TypeError("undefined is not a function")],
    ["a thrown string is final", "thrown"],
    ["undefined is final", undefined],
  ] satisfies Array<[string, unknown, Partial<AttemptState>?]>
).map(([name, error, state]) => ({ row: rowOf.final, name, error, decision: fails(error), ...(state && { state }) }));

function retryableError(): TurnwireError {
  return new TurnwireError("rate_limit_exceeded", "ours", { retryable: true });
}

/** How often each reason may make a turn be asked again, and what is thrown then. */
const mostTimes: Array<{
  row: string;
  error: TurnwireError;
  state?: Partial<AttemptState>;
  why: RetryReason;
  times: number;
  thrown?: unknown;
}> = [
  { row: rowOf.upgrade, error: refused(426), why: "websocket-refused", times: 1 },
  { row: rowOf.tooLarge, error: tooLarge, why: "request-too-large", times: 1 },
  { row: rowOf.lost, error: reconnected, why: "connection-lost", times: 2, thrown: closed },
  { row: rowOf.timeout, error: noOutputInTime, state: { retryOnTimeout: true }, why: "no-output", times: 1 },
  { row: rowOf.streamId, error: served({ param: "stream_id" }), why: "lanes-refused", times: 1 },
  { row: rowOf.streamId, error: coded("invalid_stream_id"), why: "lanes-refused", times: 1 },
  {
    row: rowOf.notFound,
    error: coded("previous_response_not_found"),
    state: { continued: true },
    why: "response-gone",
    times: 40,
  },
  {
    row: rowOf.limits,
    error: coded("websocket_connection_limit_reached"),
    why: "connection-limit",
    times: 1,
  },
  {
    row: rowOf.limits,
    error: coded("websocket_stream_limit_reached"),
    why: "lane-limit",
    times: 1,
  },
  { row: rowOf.ambiguous, error: ambiguous, why: "ambiguous-error", times: 1 },
  { row: rowOf.backOff, error: coded("slow_down"), why: "rate-limited", times: 4 },
  { row: rowOf.backOff, error: served({ status: 503 }), why: "server-failed", times: 4 },
  { row: rowOf.backOff, error: httpWithoutAnswer, why: "no-answer", times: 4 },
];

/** The limits in the column "at most" as numbers: a connection keeps 32 lanes, so that 40 are enough for each. */
const documentedTimes = new Map([
  ["once", 1],
  ["twice", 2],
  ["once for each known response", 40],
  ["four times for each reason, waiting timeouts.retryMs (10 s) in all", 4],
]);

describe("the retry decision: before output", () => {
  const cases = [...beforeOutput, ...finals];
  const documented = rowsBy("docs/interruption.md", "Which failures are retried", 1);

  it.each(cases)("$name", ({ error, state, decision }) => {
    expect(decided(error, state)).toEqual(decision);
  });

  it("has a case for every row of the table in docs/interruption.md, and for no other", () => {
    expect([...new Set(cases.map(({ row }) => row))].toSorted()).toEqual([...documented.keys()].toSorted());
  });

  it("decides in the way that each row's first column says", () => {
    const ways = [...documented.values()].map(([way]) => way!);
    const named = [...documented.keys()].map((row, index): [string, string] => {
      // A cell that is empty means the same as the one above.
      return [row, ways.slice(0, index + 1).findLast((way) => way !== "")!];
    });
    const kinds = cases.map(({ row, decision }): [string, string] => [row, decision.kind]);
    expect(Object.fromEntries(kinds)).toEqual(Object.fromEntries(named));
  });

  it("throws the very error that it gives up for", () => {
    expect(decided(closedForGood)).toHaveProperty("error", closedForGood);
  });
});

describe("the retry decision: how often", () => {
  const documented = rowsBy("docs/interruption.md", "Which failures are retried", 1);

  it.each(mostTimes)(
    "$why ($error.name) has a turn asked again $times times",
    ({ error, state, why, times, thrown }) => {
      expect(decided(error, { ...state, ...after(why, times - 1) })).toMatchObject({ reason: why });
      expect(decided(error, { ...state, ...after(why, times) })).toEqual(fails(thrown ?? error));
      expect(decided(error, { ...state, ...after(why, times + 1) })).toEqual(fails(thrown ?? error));
    },
  );

  it.each(mostTimes)("$why ($error.name) does not count what failed for another reason", ({ error, state, why }) => {
    expect(
      decided(error, { ...state, ...after(why === "no-answer" ? "connection-limit" : "no-answer", 100) }),
    ).toMatchObject({ reason: why });
  });

  it.each([...documented].filter(([row]) => row !== rowOf.final))("%s: as often as the document says", (row, cells) => {
    const times = mostTimes.filter((limit) => limit.row === row).map((limit) => limit.times);
    expect(new Set(times)).toEqual(new Set([documentedTimes.get(cells[3]!)]));
  });

  it("throws what was lost, not that the exchange has to start again", () => {
    const decision = decided(reconnected, after("connection-lost", 2));
    expect(decision).toHaveProperty("error", closed);
  });
});

describe("the retry decision: how long it waits", () => {
  it.each([
    { times: 0, shortest: 125, middle: 187.5, longest: 250 },
    { times: 1, shortest: 250, middle: 375, longest: 500 },
    { times: 2, shortest: 500, middle: 750, longest: 1000 },
    { times: 3, shortest: 1000, middle: 1500, longest: 2000 },
  ])("after $times failures between $shortest and $longest ms", ({ times, shortest, middle, longest }) => {
    const failures = new Map([["rate-limited" as const, times]]);
    for (const [random, delayMs] of [
      [0, shortest],
      [0.5, middle],
      [1, longest],
    ] as const) {
      expect(decided(coded("slow_down"), { failures, random: () => random })).toEqual(waits("rate-limited", delayMs));
    }
  });

  it("does not wait longer for failures of another kind", () => {
    expect(decided(coded("slow_down"), after("server-failed", 3))).toEqual(waits("rate-limited", 250));
  });

  it.each([
    { retryAfterMs: 0, budgetMs: 10_000, delayMs: 0 },
    { retryAfterMs: 1, budgetMs: 10_000, delayMs: 1 },
    { retryAfterMs: 3000, budgetMs: 10_000, delayMs: 3000 },
    { retryAfterMs: 10_000, budgetMs: 10_000, delayMs: 10_000 },
    { retryAfterMs: 10_001, budgetMs: 10_000, delayMs: undefined },
    { retryAfterMs: 60_000, budgetMs: 10_000, delayMs: undefined },
    { retryAfterMs: undefined, budgetMs: 250, delayMs: 250 },
    { retryAfterMs: undefined, budgetMs: 249, delayMs: undefined },
    { retryAfterMs: undefined, budgetMs: 0, delayMs: undefined },
    { retryAfterMs: 0, budgetMs: 0, delayMs: 0 },
  ])("retry-after $retryAfterMs and a budget of $budgetMs ms: $delayMs", ({ retryAfterMs, budgetMs, delayMs }) => {
    const error = served({
      code: "rate_limit_exceeded",
      status: 429,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
    const decision = delayMs === undefined ? fails(error) : waits("rate-limited", delayMs);
    expect(decided(error, { budgetMs })).toEqual(decision);
  });

  it("does not wait because of a retry-after alone: what is final stays final", () => {
    const error = served({ code: "insufficient_quota", status: 429, retryAfterMs: 10 });
    expect(decided(error)).toEqual(fails(error));
  });
});

describe("the retry decision: after output", () => {
  const text: Partial<AttemptState> = { hasOutput: true, characters: 12 };
  const onlyThoughts: Partial<AttemptState> = { hasOutput: true, characters: 0 };
  const lostAfter = (characters: number, cause: unknown): RetryDecision =>
    fails(new LostAfterOutputError(characters, { cause }));

  const losses: Array<[name: string, error: TurnwireError]> = [
    ["a connection that was lost", closed],
    ["a connection that was lost and replaced", reconnected],
    ["a connection that could not be made", unreachable],
    ["an HTTP request without an answer", httpWithoutAnswer],
    ["an HTTP event stream that broke off", httpStreamEnded],
    ["a silence that is too long", new TimeoutError("the next event", 5000)],
  ];

  it.each(losses)("%s ends the turn and says how much was delivered", (_, error) => {
    const decision = decided(error, text);
    expect(decision).toEqual(lostAfter(12, error));
    expect(decision).toMatchObject({ error: { code: "lost_after_output", deliveredCharacters: 12, cause: error } });
  });

  it.each(losses)("%s has the rest asked for with onLost: continue", (_, error) => {
    expect(decided(error, { ...text, onConnectionLost: "resume" })).toEqual(resumes);
  });

  it.each(losses)("%s has nothing to go on from when only thoughts were delivered", (_, error) => {
    expect(decided(error, { ...onlyThoughts, onConnectionLost: "resume" })).toEqual(lostAfter(0, error));
  });

  it("the rest is asked for once", () => {
    const state: Partial<AttemptState> = { ...text, onConnectionLost: "resume", ...after("answer-broke-off", 1) };
    expect(decided(closed, state)).toEqual(fails(closed));
    expect(decided(reconnected, state)).toEqual(fails(closed));
  });

  it.each([
    ["a temporary error of the server", served({ status: 503 })],
    ["a rate limit with a wait", served({ code: "rate_limit_exceeded", status: 429, retryAfterMs: 10 })],
    ["an error about stream_id", served({ param: "stream_id", status: 400 })],
    ["an error of unknown owner", ambiguous],
    ["a connection of the greatest age", coded("websocket_connection_limit_reached")],
    ["a refused upgrade", refused(426)],
    ["a request that is too large", tooLarge],
    ["a text that is not the finished one", new ProviderError("invalid_response", "differs")],
    // The server's own codes, which are those of ours.
    ...["timeout", "connection_closed", "connection_failed", "reconnected"].map((code): [string, ProviderError] => [
      `the server's code ${code}`,
      served({ code, status: 500 }),
    ]),
  ])("%s ends the turn with that error, whatever onLost says", (_, error) => {
    const continued = { continued: true, retryOnTimeout: true };
    expect(decided(error, { ...text, ...continued })).toEqual(fails(error));
    expect(decided(error, { ...text, ...continued, onConnectionLost: "resume" })).toEqual(fails(error));
  });
});

describe("the retry decision: the first rule that fits holds", () => {
  it.each<Case>([
    {
      name: "HTTP comes before another try at a connection",
      error: new WebsocketReconnectedError({ cause: refused(404) }),
      decision: overHttp("websocket-refused", true),
    },
    {
      name: "without HTTP, another try comes next",
      error: new WebsocketReconnectedError({ cause: refused(404) }),
      state: { canUseHttp: false },
      decision: everything,
    },
    {
      name: "leaving stream_id out comes before waiting",
      error: served({ code: "rate_limit_exceeded", param: "stream_id", status: 429 }),
      decision: noStreamId,
    },
    {
      name: "replacing the connection comes before waiting as long as the server asks",
      error: served({ code: "websocket_connection_limit_reached", status: 429, retryAfterMs: 5000 }),
      decision: replaces("connection-limit"),
    },
    {
      name: "forgetting the response comes before waiting",
      error: served({ code: "previous_response_not_found", status: 503 }),
      state: { continued: true },
      decision: forgets,
    },
    {
      name: "an unknown response that was not continued is not waited for either",
      error: served({ code: "previous_response_not_found", status: 503 }),
      decision: fails(served({ code: "previous_response_not_found", status: 503 })),
    },
  ])("$name", ({ error, state, decision }) => {
    expect(decided(error, state)).toEqual(decision);
  });
});

describe("the retry decision: the reasons", () => {
  it("are those of docs/continuation.md", () => {
    const state: Partial<AttemptState> = { continued: true, retryOnTimeout: true };
    const decisions = [...beforeOutput, ...finals].map(({ error, state: own }) => decided(error, { ...state, ...own }));
    decisions.push(decided(closed, { hasOutput: true, characters: 1, onConnectionLost: "resume" }));
    const reasons = decisions.flatMap((decision) => (decision.kind === "fail" ? [] : [decision.reason]));
    expect([...new Set(reasons)].toSorted()).toEqual(reasonsGivenBy.retry.toSorted());
  });
});

describe("the retry decision: a lost connection, as in docs/interruption.md", () => {
  const whens: Array<{ when: string; decisions: Case[] }> = [
    // There is no attempt that has failed: planning decides.
    { when: "between turns", decisions: [] },
    {
      when: "in a turn, before any output",
      decisions: [
        { name: "", error: reconnected, decision: everything },
        { name: "", error: reconnected, state: after("connection-lost", 1), decision: everything },
      ],
    },
    {
      when: 'in a turn, after output, onConnectionLost: "fail" (the default)',
      decisions: [
        {
          name: "",
          error: closed,
          state: { hasOutput: true, characters: 3 },
          decision: fails(new LostAfterOutputError(3, { cause: closed })),
        },
      ],
    },
    {
      when: 'in a turn, after text, onConnectionLost: "resume"',
      decisions: [
        {
          name: "",
          error: closed,
          state: { hasOutput: true, characters: 3, onConnectionLost: "resume" },
          decision: resumes,
        },
      ],
    },
    {
      when: "once too often",
      decisions: [
        { name: "", error: reconnected, state: after("connection-lost", 2), decision: fails(closed) },
        { name: "", error: closed, state: after("connection-lost", 2), decision: fails(closed) },
      ],
    },
  ];

  it.each(whens)("$when", ({ decisions }) => {
    for (const { error, state, decision } of decisions) expect(decided(error, state)).toEqual(decision);
  });

  it("has every row of the table and no other", () => {
    const rows = rowsBy("docs/interruption.md", "A lost connection", 0);
    expect(whens.map(({ when }) => when)).toEqual([...rows.keys()]);
  });
});

describe("the retry decision: the codes of docs/interruption.md", () => {
  interface Code {
    cell: string;
    errors: ProviderError[];
    retryable: string;
    state?: Partial<AttemptState>;
    kind: RetryDecision["kind"];
  }

  const ofTheProvider: Code[] = [
    {
      cell: "rate_limit_exceeded",
      errors: [coded("rate_limit_exceeded")],
      retryable: "yes",
      kind: "retry-later",
    },
    {
      cell: "server_is_overloaded, slow_down, server_error",
      errors: [coded("server_is_overloaded"), coded("slow_down"), coded("server_error")],
      retryable: "yes",
      kind: "retry-later",
    },
    { cell: "insufficient_quota", errors: [coded("insufficient_quota")], retryable: "no", kind: "fail" },
    { cell: "invalid_api_key", errors: [coded("invalid_api_key")], retryable: "no", kind: "fail" },
    { cell: "context_length_exceeded", errors: [coded("context_length_exceeded")], retryable: "no", kind: "fail" },
    {
      cell: "previous_response_not_found",
      errors: [coded("previous_response_not_found")],
      retryable: "yes",
      state: { continued: true },
      kind: "retry",
    },
    {
      cell: "websocket_connection_limit_reached",
      errors: [coded("websocket_connection_limit_reached")],
      retryable: "yes",
      kind: "retry",
    },
    { cell: "provider_error", errors: [served({})], retryable: "by status", kind: "fail" },
    {
      cell: "http_503 and the like",
      errors: [served({ status: 408 }), served({ status: 429 }), served({ status: 503 }), served({ status: 500 })],
      retryable: "408, 429, 5xx",
      kind: "retry-later",
    },
  ];

  it.each(ofTheProvider)("$cell: $kind", ({ errors, retryable, state, kind }) => {
    for (const error of errors) {
      expect(error.retryable).toBe(retryable !== "no" && retryable !== "by status");
      expect(decided(error, state)).toMatchObject({ kind });
    }
  });

  it("are all codes of the provider, and as retryable as the document says", () => {
    const rows = rowsBy("docs/interruption.md", "Codes of the provider", 0);
    expect(ofTheProvider.map(({ cell, retryable }) => [cell, retryable])).toEqual(
      [...rows].map(([cell, [, retryable]]) => [cell, retryable]),
    );
  });

  const ofNeither: Array<{ code: string; error: Error; decision: (error: Error) => RetryDecision }> = [
    { code: "invalid_response", error: new ProviderError("invalid_response", "differs"), decision: fails },
    {
      code: "response_already_completed",
      error: new SteeringError("response_already_completed", "over", "text"),
      decision: fails,
    },
    { code: "ambiguous_error", error: ambiguous, decision: () => replaces("ambiguous-error") },
    { code: "unexpected", error: new RangeError("ours"), decision: fails },
  ];

  it.each(ofNeither)("$code", ({ error, decision }) => {
    expect(decided(error)).toEqual(decision(error));
  });

  it("are all codes of neither side", () => {
    const rows = rowsBy("docs/interruption.md", "Other codes", 0);
    expect(ofNeither.map(({ code }) => code)).toEqual([...rows.keys()]);
  });
});

describe("the retry decision: the kinds of docs/faults.md", () => {
  const neverAnError = ["delay", "garbage", "drop"];
  const differs = new ProviderError("invalid_response", "differs");
  const talking: Partial<AttemptState> = { hasOutput: true, characters: 5 };

  /** The error that a kind of fault leads to, before output unless the state says otherwise. */
  const kinds: Array<Case & { kind: string }> = [
    ...[1001, 1006, 1011, 1012, 1013].map((code): Case & { kind: string } => {
      const cause = new WebsocketClosedError(code, "", { retryable: true });
      const error = new WebsocketReconnectedError({ cause });
      return { kind: "close", name: `a close with ${code} is worth another connection`, error, decision: everything };
    }),
    ...[1002, 1003, 1007, 1008, 1009].map((code): Case & { kind: string } => {
      const error = new WebsocketClosedError(code, "");
      return { kind: "close", name: `a close with ${code} is final`, error, decision: fails(error) };
    }),
    {
      kind: "close",
      name: "a close after output ends the turn",
      error: closed,
      state: talking,
      decision: fails(new LostAfterOutputError(5, { cause: closed })),
    },
    { kind: "reset", name: "a reset has been replaced", error: reconnected, decision: everything },
    {
      kind: "half-open",
      name: "a socket without pongs has been closed and replaced",
      error: new WebsocketReconnectedError({ cause: new WebsocketClosedError(1006, "no pong", { retryable: true }) }),
      decision: everything,
    },
    {
      kind: "silence",
      name: "a silence before output is asked about again where that is wanted",
      error: noOutputInTime,
      state: { retryOnTimeout: true },
      decision: noOutput,
    },
    {
      kind: "silence",
      name: "a silence after output ends the turn",
      error: noOutputInTime,
      state: { ...talking, retryOnTimeout: true },
      decision: fails(new LostAfterOutputError(5, { cause: noOutputInTime })),
    },
    {
      kind: "duplicate",
      name: "a piece of text that came twice ends the turn",
      error: differs,
      state: talking,
      decision: fails(differs),
    },
    {
      kind: "reorder",
      name: "pieces of text in another order end the turn",
      error: differs,
      state: talking,
      decision: fails(differs),
    },
    {
      kind: "error",
      name: "an error with the status 500 is waited out",
      error: served({ status: 500 }),
      decision: waits("server-failed", 250),
    },
    {
      kind: "error",
      name: "an error with a wait is waited out as it says",
      error: served({ status: 429, retryAfterMs: 70 }),
      decision: waits("rate-limited", 70),
    },
    {
      kind: "evict",
      name: "a connection that forgot is continued from the response before",
      error: served({ code: "previous_response_not_found", status: 400, param: "previous_response_id" }),
      state: { continued: true },
      decision: forgets,
    },
    ...[426, 403, 404, 501].map((code): Case & { kind: string } => {
      const decision = overHttp("websocket-refused", true);
      return {
        kind: "refuse",
        name: `a refusal with ${code} sends the turn over HTTP`,
        error: refused(code),
        decision,
      };
    }),
    {
      kind: "refuse",
      name: "a refusal with 401 is final",
      error: refused(401),
      decision: fails(refused(401)),
    },
  ];

  it.each(kinds)("$kind: $name", ({ error, state, decision }) => {
    expect(decided(error, state)).toEqual(decision);
  });

  it("are all kinds of the table that come to an error", () => {
    const documented = [...rowsBy("docs/faults.md", "The kinds", 0).keys()];
    const exercised = [...new Set(kinds.map(({ kind }) => kind)), ...neverAnError];
    expect(exercised.toSorted()).toEqual(documented.toSorted());
  });
});

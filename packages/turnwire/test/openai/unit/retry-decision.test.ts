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
} from "../../../src/errors.ts";
import { ambiguousCode, type AttemptState, judge, type Verdict } from "../../../src/openai/faults.ts";
import { providerError, type WireError } from "../../../src/protocol/index.ts";
import { reasonsGivenBy, rowsBy } from "./documented.ts";

const before: AttemptState = {
  hasOutput: false,
  characters: 0,
  continued: false,
  failures: new Map(),
  budgetMs: 10_000,
  retryOnTimeout: false,
  canUseHttp: true,
  reconnects: true,
  onLost: "fail",
  random: () => 1,
};

/** The state after this many attempts failed for the reason. */
const after = (why: string, times: number): Partial<AttemptState> => ({ failures: new Map([[why, times]]) });

const judged = (error: unknown, state: Partial<AttemptState> = {}): Verdict => judge(error, { ...before, ...state });

const final = (error: unknown): Verdict => ({ kind: "final", error });
const overHttp = (why: string, latch: boolean): Verdict => ({ kind: "other transport", why, latch });
const waits = (why: string, delayMs: number): Verdict => ({ kind: "after back-off", why, delayMs });
const everything: Verdict = { kind: "at once", why: "the connection was lost", remedy: "send everything" };
const noOutput: Verdict = { kind: "at once", why: "no output in time", remedy: "replace the connection" };
const noStreamId: Verdict = { kind: "at once", why: "the server takes no stream_id", remedy: "no lanes" };
const forgets: Verdict = { kind: "at once", why: "previous_response_not_found", remedy: "forget the parent" };
const replaces = (why: string): Verdict => ({ kind: "at once", why, remedy: "replace the connection" });
const goesOn: Verdict = { kind: "continue", why: "the answer broke off" };

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
const httpStreamEnded = new ProviderError("connection_closed", "the event stream ended", { retryable: true });
const served = (wire: WireError): ProviderError => providerError(wire);
const coded = (code: string): ProviderError => providerError({ code });
const ambiguous = coded(ambiguousCode);

interface Case {
  name: string;
  error: unknown;
  state?: Partial<AttemptState>;
  verdict: Verdict;
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
  final: "everything else, or a wait that retryBudgetMs does not cover",
} as const;

const inRow = (row: string, name: string, error: unknown, verdict: Verdict): DocumentedCase => {
  return { row, name, error, verdict };
};

const beforeOutput: DocumentedCase[] = [
  // Another transport.
  ...[400, 403, 404, 405, 407, 426, 501].map((code) =>
    inRow(
      rowOf.upgrade,
      `an upgrade refused with ${code} goes over HTTP`,
      refused(code),
      overHttp("the upgrade was refused", true),
    ),
  ),
  {
    row: rowOf.upgrade,
    name: "a connection that was lost and then refused goes over HTTP",
    error: new WebsocketClosedError(1006, "", { retryable: true, cause: refused(426) }),
    verdict: overHttp("the upgrade was refused", true),
  },
  {
    row: rowOf.tooLarge,
    name: "a request that is too large goes over HTTP, and only that turn",
    error: tooLarge,
    verdict: overHttp("request_too_large", false),
  },

  // At once.
  {
    row: rowOf.lost,
    name: "a connection that was lost and replaced is given everything",
    error: reconnected,
    verdict: everything,
  },
  { row: rowOf.lost, name: "a close that nobody tried to mend is mended", error: closed, verdict: everything },
  {
    row: rowOf.lost,
    name: "a connection lost a second time is replaced again",
    error: reconnected,
    state: after("the connection was lost", 1),
    verdict: everything,
  },
  {
    row: rowOf.timeout,
    name: "a turn without output in time is asked again",
    error: noOutputInTime,
    state: { retryOnTimeout: true },
    verdict: noOutput,
  },
  {
    row: rowOf.streamId,
    name: "an error about stream_id has it left out",
    error: served({ code: "unknown_parameter", param: "stream_id", status: 400 }),
    verdict: noStreamId,
  },
  {
    row: rowOf.streamId,
    name: "an error about stream_id without a code has it left out",
    error: served({ param: "stream_id", status: 400 }),
    verdict: noStreamId,
  },
  {
    row: rowOf.streamId,
    name: "invalid_stream_id has the stream_id left out",
    error: coded("invalid_stream_id"),
    verdict: { kind: "at once", why: "invalid_stream_id", remedy: "no lanes" },
  },
  {
    row: rowOf.notFound,
    name: "a response that has gone is forgotten",
    error: coded("previous_response_not_found"),
    state: { continued: true },
    verdict: forgets,
  },
  {
    row: rowOf.limits,
    name: "a connection of the greatest age is replaced",
    error: coded("websocket_connection_limit_reached"),
    verdict: replaces("websocket_connection_limit_reached"),
  },
  {
    row: rowOf.limits,
    name: "a connection without further lanes is replaced",
    error: coded("websocket_stream_limit_reached"),
    verdict: replaces("websocket_stream_limit_reached"),
  },
  {
    row: rowOf.ambiguous,
    name: "a connection with an error of unknown owner is replaced",
    error: ambiguous,
    verdict: replaces("ambiguous_error"),
  },

  // After back-off.
  ...[408, 429, 500, 502, 503, 504, 529].map((code) =>
    inRow(
      rowOf.backOff,
      `the status ${code} without a code is waited out`,
      served({ status: code }),
      waits(`http_${code}`, 250),
    ),
  ),
  ...["rate_limit_exceeded", "server_error", "server_is_overloaded", "slow_down", "timeout"].map((code) =>
    inRow(rowOf.backOff, `the code ${code} without a status is waited out`, coded(code), waits(code, 250)),
  ),
  {
    row: rowOf.backOff,
    name: "an HTTP request without an answer is made again",
    error: httpWithoutAnswer,
    state: { canUseHttp: false },
    verdict: waits("connection_failed", 250),
  },
  {
    row: rowOf.backOff,
    name: "an HTTP event stream that broke off before output is asked for again",
    error: httpStreamEnded,
    state: { canUseHttp: false },
    verdict: waits("connection_closed", 250),
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
    return inRow(rowOf.final, `the code ${code} is final, even with the status 429`, error, final(error));
  }),
  ...[400, 401, 403, 404, 409, 422].map((code): DocumentedCase => {
    const error = served({ status: code });
    return inRow(rowOf.final, `the status ${code} of a request is final`, error, final(error));
  }),
  ...[200, 401, 402, 410, 505].map((code): DocumentedCase => {
    const error = refused(code);
    return inRow(rowOf.final, `an upgrade refused with ${code} is final`, error, final(error));
  }),
  ...[408, 425, 429, 500, 503].map((code): DocumentedCase => {
    const error = refused(code, true);
    return inRow(rowOf.final, `an upgrade refused with ${code} has been tried often enough`, error, final(error));
  }),
];

const finals: DocumentedCase[] = (
  [
    ["an upgrade refused for good is final without HTTP", refused(426), { canUseHttp: false }],
    ["a request that is too large is final without HTTP", tooLarge, { canUseHttp: false }],
    ["a close that would come again is final", closedForGood],
    ["a close is final when connections are not to be replaced", closed, { reconnects: false }],
    ["a close that somebody tried to mend is final", triedAgain],
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
).map(([name, error, state]) => ({ row: rowOf.final, name, error, verdict: final(error), ...(state && { state }) }));

function retryableError(): TurnwireError {
  return new TurnwireError("rate_limit_exceeded", "ours", { retryable: true });
}

/** How often each reason may make a turn be asked again, and what is thrown then. */
const mostTimes: Array<{
  row: string;
  error: TurnwireError;
  state?: Partial<AttemptState>;
  why: string;
  times: number;
  thrown?: unknown;
}> = [
  { row: rowOf.upgrade, error: refused(426), why: "the upgrade was refused", times: 1 },
  { row: rowOf.tooLarge, error: tooLarge, why: "request_too_large", times: 1 },
  { row: rowOf.lost, error: closed, why: "the connection was lost", times: 2 },
  { row: rowOf.lost, error: reconnected, why: "the connection was lost", times: 2, thrown: closed },
  { row: rowOf.timeout, error: noOutputInTime, state: { retryOnTimeout: true }, why: "no output in time", times: 1 },
  { row: rowOf.streamId, error: served({ param: "stream_id" }), why: "the server takes no stream_id", times: 1 },
  { row: rowOf.streamId, error: coded("invalid_stream_id"), why: "invalid_stream_id", times: 1 },
  {
    row: rowOf.notFound,
    error: coded("previous_response_not_found"),
    state: { continued: true },
    why: "previous_response_not_found",
    times: 40,
  },
  {
    row: rowOf.limits,
    error: coded("websocket_connection_limit_reached"),
    why: "websocket_connection_limit_reached",
    times: 1,
  },
  {
    row: rowOf.limits,
    error: coded("websocket_stream_limit_reached"),
    why: "websocket_stream_limit_reached",
    times: 1,
  },
  { row: rowOf.ambiguous, error: ambiguous, why: "ambiguous_error", times: 1 },
  { row: rowOf.backOff, error: coded("slow_down"), why: "slow_down", times: 4 },
  { row: rowOf.backOff, error: served({ status: 503 }), why: "http_503", times: 4 },
  { row: rowOf.backOff, error: httpWithoutAnswer, why: "connection_failed", times: 4 },
];

/** What the column "at most" says, as a number: a connection keeps 32 lanes, so that 40 are enough for each. */
const documentedTimes = new Map([
  ["once", 1],
  ["twice", 2],
  ["once for each known response", 40],
  ["four times for each code, waiting retryBudgetMs (10 s) in all", 4],
]);

describe("the retry decision: before output", () => {
  const cases = [...beforeOutput, ...finals];
  const documented = rowsBy("docs/interruption.md", "What is asked again, and what is not", 1);

  it.each(cases)("$name", ({ error, state, verdict }) => {
    expect(judged(error, state)).toEqual(verdict);
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
    const kinds = cases.map(({ row, verdict }): [string, string] => [row, verdict.kind]);
    expect(Object.fromEntries(kinds)).toEqual(Object.fromEntries(named));
  });

  it("throws the very error that it gives up for", () => {
    expect(judged(closedForGood)).toHaveProperty("error", closedForGood);
  });
});

describe("the retry decision: how often", () => {
  const documented = rowsBy("docs/interruption.md", "What is asked again, and what is not", 1);

  it.each(mostTimes)(
    "$why ($error.name) has a turn asked again $times times",
    ({ error, state, why, times, thrown }) => {
      expect(judged(error, { ...state, ...after(why, times - 1) })).toMatchObject({ why });
      expect(judged(error, { ...state, ...after(why, times) })).toEqual(final(thrown ?? error));
      expect(judged(error, { ...state, ...after(why, times + 1) })).toEqual(final(thrown ?? error));
    },
  );

  it.each(mostTimes)("$why ($error.name) does not count what failed for another reason", ({ error, state, why }) => {
    expect(judged(error, { ...state, ...after("another reason", 100) })).toMatchObject({ why });
  });

  it.each([...documented].filter(([row]) => row !== rowOf.final))("%s: as often as the document says", (row, cells) => {
    const times = mostTimes.filter((limit) => limit.row === row).map((limit) => limit.times);
    expect(new Set(times)).toEqual(new Set([documentedTimes.get(cells[3]!)]));
  });

  it("throws what was lost, not that the exchange has to start again", () => {
    const verdict = judged(reconnected, after("the connection was lost", 2));
    expect(verdict).toHaveProperty("error", closed);
  });
});

describe("the retry decision: how long it waits", () => {
  it.each([
    { times: 0, shortest: 125, middle: 187.5, longest: 250 },
    { times: 1, shortest: 250, middle: 375, longest: 500 },
    { times: 2, shortest: 500, middle: 750, longest: 1000 },
    { times: 3, shortest: 1000, middle: 1500, longest: 2000 },
  ])("after $times failures between $shortest and $longest ms", ({ times, shortest, middle, longest }) => {
    const failures = new Map([["slow_down", times]]);
    for (const [random, delayMs] of [
      [0, shortest],
      [0.5, middle],
      [1, longest],
    ] as const) {
      expect(judged(coded("slow_down"), { failures, random: () => random })).toEqual(waits("slow_down", delayMs));
    }
  });

  it("does not wait longer for failures with other codes", () => {
    expect(judged(coded("slow_down"), after("server_error", 3))).toEqual(waits("slow_down", 250));
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
    const verdict = delayMs === undefined ? final(error) : waits("rate_limit_exceeded", delayMs);
    expect(judged(error, { budgetMs })).toEqual(verdict);
  });

  it("does not wait because of a retry-after alone: what is final stays final", () => {
    const error = served({ code: "insufficient_quota", status: 429, retryAfterMs: 10 });
    expect(judged(error)).toEqual(final(error));
  });
});

describe("the retry decision: after output", () => {
  const text: Partial<AttemptState> = { hasOutput: true, characters: 12 };
  const onlyThoughts: Partial<AttemptState> = { hasOutput: true, characters: 0 };
  const lostAfter = (characters: number, cause: unknown): Verdict =>
    final(new LostAfterOutputError(characters, { cause }));

  const losses: Array<[name: string, error: TurnwireError]> = [
    ["a connection that was lost", closed],
    ["a connection that was lost and replaced", reconnected],
    ["a connection that could not be made", unreachable],
    ["an HTTP request without an answer", httpWithoutAnswer],
    ["an HTTP event stream that broke off", httpStreamEnded],
    ["a silence that is too long", new TimeoutError("the next event", 5000)],
  ];

  it.each(losses)("%s ends the turn and says how much was delivered", (_, error) => {
    const verdict = judged(error, text);
    expect(verdict).toEqual(lostAfter(12, error));
    expect(verdict).toMatchObject({ error: { code: "lost_after_output", deliveredCharacters: 12, cause: error } });
  });

  it.each(losses)("%s has the rest asked for with onLost: continue", (_, error) => {
    expect(judged(error, { ...text, onLost: "continue" })).toEqual(goesOn);
  });

  it.each(losses)("%s has nothing to go on from when only thoughts were delivered", (_, error) => {
    expect(judged(error, { ...onlyThoughts, onLost: "continue" })).toEqual(lostAfter(0, error));
  });

  it("the rest is asked for once", () => {
    const state: Partial<AttemptState> = { ...text, onLost: "continue", ...after("the answer broke off", 1) };
    expect(judged(closed, state)).toEqual(final(closed));
    expect(judged(reconnected, state)).toEqual(final(closed));
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
  ])("%s ends the turn with that error, whatever onLost says", (_, error) => {
    const continued = { continued: true, retryOnTimeout: true };
    expect(judged(error, { ...text, ...continued })).toEqual(final(error));
    expect(judged(error, { ...text, ...continued, onLost: "continue" })).toEqual(final(error));
  });
});

describe("the retry decision: the first rule that fits holds", () => {
  it.each<Case>([
    {
      name: "HTTP comes before another try at a connection",
      error: new WebsocketReconnectedError({ cause: refused(404) }),
      verdict: overHttp("the upgrade was refused", true),
    },
    {
      name: "without HTTP, another try comes next",
      error: new WebsocketReconnectedError({ cause: refused(404) }),
      state: { canUseHttp: false },
      verdict: everything,
    },
    {
      name: "a connection that was replaced counts, whether connections are to be replaced or not",
      error: reconnected,
      state: { reconnects: false },
      verdict: everything,
    },
    {
      name: "leaving stream_id out comes before waiting",
      error: served({ code: "rate_limit_exceeded", param: "stream_id", status: 429 }),
      verdict: noStreamId,
    },
    {
      name: "replacing the connection comes before waiting as long as the server asks",
      error: served({ code: "websocket_connection_limit_reached", status: 429, retryAfterMs: 5000 }),
      verdict: replaces("websocket_connection_limit_reached"),
    },
    {
      name: "forgetting the response comes before waiting",
      error: served({ code: "previous_response_not_found", status: 503 }),
      state: { continued: true },
      verdict: forgets,
    },
    {
      name: "an unknown response that was not continued is not waited for either",
      error: served({ code: "previous_response_not_found", status: 503 }),
      verdict: final(served({ code: "previous_response_not_found", status: 503 })),
    },
  ])("$name", ({ error, state, verdict }) => {
    expect(judged(error, state)).toEqual(verdict);
  });
});

describe("the retry decision: the reasons", () => {
  it("are those of docs/continuation.md; after back-off the server's code is the reason", () => {
    const state: Partial<AttemptState> = { continued: true, retryOnTimeout: true };
    const verdicts = [...beforeOutput, ...finals].map(({ error, state: own }) => judged(error, { ...state, ...own }));
    verdicts.push(judged(closed, { hasOutput: true, characters: 1, onLost: "continue" }));
    const whys = verdicts.flatMap((verdict) =>
      verdict.kind === "final" || verdict.kind === "after back-off" ? [] : [verdict.why],
    );
    expect([...new Set(whys)].toSorted()).toEqual(reasonsGivenBy.retry.toSorted());
  });
});

describe("the retry decision: a lost connection, as in docs/interruption.md", () => {
  const whens: Array<{ when: string; decisions: Case[] }> = [
    // There is no attempt that has failed: planning decides.
    { when: "between turns", decisions: [] },
    {
      when: "in a turn, before any output",
      decisions: [
        { name: "", error: reconnected, verdict: everything },
        { name: "", error: reconnected, state: after("the connection was lost", 1), verdict: everything },
      ],
    },
    {
      when: 'in a turn, after output, onLost: "fail" (the default)',
      decisions: [
        {
          name: "",
          error: closed,
          state: { hasOutput: true, characters: 3 },
          verdict: final(new LostAfterOutputError(3, { cause: closed })),
        },
      ],
    },
    {
      when: 'in a turn, after text, onLost: "continue"',
      decisions: [
        { name: "", error: closed, state: { hasOutput: true, characters: 3, onLost: "continue" }, verdict: goesOn },
      ],
    },
    {
      when: "once too often",
      decisions: [
        { name: "", error: reconnected, state: after("the connection was lost", 2), verdict: final(closed) },
        { name: "", error: closed, state: after("the connection was lost", 2), verdict: final(closed) },
      ],
    },
  ];

  it.each(whens)("$when", ({ decisions }) => {
    for (const { error, state, verdict } of decisions) expect(judged(error, state)).toEqual(verdict);
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
    kind: Verdict["kind"];
  }

  const ofTheProvider: Code[] = [
    {
      cell: "rate_limit_exceeded",
      errors: [coded("rate_limit_exceeded")],
      retryable: "yes",
      kind: "after back-off",
    },
    {
      cell: "server_is_overloaded, slow_down, server_error",
      errors: [coded("server_is_overloaded"), coded("slow_down"), coded("server_error")],
      retryable: "yes",
      kind: "after back-off",
    },
    { cell: "insufficient_quota", errors: [coded("insufficient_quota")], retryable: "no", kind: "final" },
    { cell: "invalid_api_key", errors: [coded("invalid_api_key")], retryable: "no", kind: "final" },
    { cell: "context_length_exceeded", errors: [coded("context_length_exceeded")], retryable: "no", kind: "final" },
    {
      cell: "previous_response_not_found",
      errors: [coded("previous_response_not_found")],
      retryable: "yes",
      state: { continued: true },
      kind: "at once",
    },
    {
      cell: "websocket_connection_limit_reached",
      errors: [coded("websocket_connection_limit_reached")],
      retryable: "yes",
      kind: "at once",
    },
    { cell: "provider_error", errors: [served({})], retryable: "by status", kind: "final" },
    {
      cell: "http_503 and the like",
      errors: [served({ status: 408 }), served({ status: 429 }), served({ status: 503 }), served({ status: 500 })],
      retryable: "408, 429, 5xx",
      kind: "after back-off",
    },
  ];

  it.each(ofTheProvider)("$cell: $kind", ({ errors, retryable, state, kind }) => {
    for (const error of errors) {
      expect(error.retryable).toBe(retryable !== "no" && retryable !== "by status");
      expect(judged(error, state)).toMatchObject({ kind });
    }
  });

  it("are all codes of the provider, and as retryable as the document says", () => {
    const rows = rowsBy("docs/interruption.md", "Codes of the provider", 0);
    expect(ofTheProvider.map(({ cell, retryable }) => [cell, retryable])).toEqual(
      [...rows].map(([cell, [, retryable]]) => [cell, retryable]),
    );
  });

  const ofNeither: Array<{ code: string; error: Error; verdict: (error: Error) => Verdict }> = [
    { code: "invalid_response", error: new ProviderError("invalid_response", "differs"), verdict: final },
    {
      code: "response_already_completed",
      error: new SteeringError("response_already_completed", "over", "text"),
      verdict: final,
    },
    { code: "ambiguous_error", error: ambiguous, verdict: () => replaces("ambiguous_error") },
    { code: "unexpected", error: new RangeError("ours"), verdict: final },
  ];

  it.each(ofNeither)("$code", ({ error, verdict }) => {
    expect(judged(error)).toEqual(verdict(error));
  });

  it("are all codes of neither side", () => {
    const rows = rowsBy("docs/interruption.md", "Codes of neither", 0);
    expect(ofNeither.map(({ code }) => code)).toEqual([...rows.keys()]);
  });
});

describe("the retry decision: the kinds of docs/faults.md", () => {
  const neverAnError = ["delay", "garbage", "drop"];
  const differs = new ProviderError("invalid_response", "differs");
  const talking: Partial<AttemptState> = { hasOutput: true, characters: 5 };

  /** What a kind of fault comes to as an error, before output unless the state says otherwise. */
  const kinds: Array<Case & { kind: string }> = [
    ...[1001, 1006, 1011, 1012, 1013].map((code): Case & { kind: string } => {
      const error = new WebsocketClosedError(code, "", { retryable: true });
      return { kind: "close", name: `a close with ${code} is worth another connection`, error, verdict: everything };
    }),
    ...[1002, 1003, 1007, 1008, 1009].map((code): Case & { kind: string } => {
      const error = new WebsocketClosedError(code, "");
      return { kind: "close", name: `a close with ${code} is final`, error, verdict: final(error) };
    }),
    {
      kind: "close",
      name: "a close after output ends the turn",
      error: closed,
      state: talking,
      verdict: final(new LostAfterOutputError(5, { cause: closed })),
    },
    { kind: "reset", name: "a reset is a close with 1006", error: closed, verdict: everything },
    {
      kind: "half-open",
      name: "a socket without pongs has been closed and replaced",
      error: new WebsocketReconnectedError({ cause: new WebsocketClosedError(1006, "no pong", { retryable: true }) }),
      verdict: everything,
    },
    {
      kind: "silence",
      name: "a silence before output is asked about again where that is wanted",
      error: noOutputInTime,
      state: { retryOnTimeout: true },
      verdict: noOutput,
    },
    {
      kind: "silence",
      name: "a silence after output ends the turn",
      error: noOutputInTime,
      state: { ...talking, retryOnTimeout: true },
      verdict: final(new LostAfterOutputError(5, { cause: noOutputInTime })),
    },
    {
      kind: "duplicate",
      name: "a piece of text that came twice ends the turn",
      error: differs,
      state: talking,
      verdict: final(differs),
    },
    {
      kind: "reorder",
      name: "pieces of text in another order end the turn",
      error: differs,
      state: talking,
      verdict: final(differs),
    },
    {
      kind: "error",
      name: "an error with the status 500 is waited out",
      error: served({ status: 500 }),
      verdict: waits("http_500", 250),
    },
    {
      kind: "error",
      name: "an error with a wait is waited out as it says",
      error: served({ status: 429, retryAfterMs: 70 }),
      verdict: waits("http_429", 70),
    },
    {
      kind: "evict",
      name: "a connection that forgot is continued from the response before",
      error: served({ code: "previous_response_not_found", status: 400, param: "previous_response_id" }),
      state: { continued: true },
      verdict: forgets,
    },
    ...[426, 403, 404, 501].map((code): Case & { kind: string } => {
      const verdict = overHttp("the upgrade was refused", true);
      return { kind: "refuse", name: `a refusal with ${code} sends the turn over HTTP`, error: refused(code), verdict };
    }),
    {
      kind: "refuse",
      name: "a refusal with 401 is final",
      error: refused(401),
      verdict: final(refused(401)),
    },
  ];

  it.each(kinds)("$kind: $name", ({ error, state, verdict }) => {
    expect(judged(error, state)).toEqual(verdict);
  });

  it("are all kinds of the table that come to an error", () => {
    const documented = [...rowsBy("docs/faults.md", "The kinds", 0).keys()];
    const exercised = [...new Set(kinds.map(({ kind }) => kind)), ...neverAnError];
    expect(exercised.toSorted()).toEqual(documented.toSorted());
  });
});

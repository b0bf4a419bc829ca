import type { Reply } from "./model/reply.ts";
import type { View } from "./view.ts";

export type Fields = Readonly<Record<string, unknown>>;

export interface ModelCall {
  callId: string;
  name: string;
  arguments: string;
  /** Whether a tool may be run on these arguments. */
  valid: boolean;
}

/** What the model answered to one request: all of it, whether or not it reached anybody. */
export interface ModelResponse {
  readonly id: string;
  readonly request: Request;
  text: string;
  calls: ModelCall[];
  output: readonly unknown[];
  ending: "completed" | "incomplete" | "failed" | "cancelled" | "lost" | undefined;
  incompleteReason: string | undefined;
  /** Whether something of the answer has reached the client. */
  outputArrived: boolean;
  /** What a model sees that goes on from here. */
  after: View;
  /** The responses before and behind this one, where steering made two of one answer. */
  predecessor: ModelResponse | undefined;
  successor: ModelResponse | undefined;
  /** Steering input that goes to the model together with the outputs of the response's calls. */
  pendingSteers: readonly unknown[];
}

/** What opens sockets: one service, or a pool of several. */
export interface Endpoint {
  readonly name: string;
  readonly sockets: SocketEnds[];
  /** Connections in a row that the server ended young, with no response in between. */
  diedYoung: number;
  /** Tries to connect in a row that came to nothing. */
  failedTries: number;
}

/** A connection, as far as it is seen from above. */
export interface SocketEnds {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly openedAtMs: number;
  readonly silent: boolean;
  readonly state: "connecting" | "open" | "closing" | "closed";
  /** Requests whose last event has not reached the client. */
  readonly live: Request[];
  /** The names of lanes that have been used on it. */
  readonly lanes: Set<string>;
}

/** A turn of a conversation, as far as what happens to it comes from outside. */
export interface LiveTurn {
  /** What the model says and what goes wrong is drawn from it. */
  readonly seed: number;
  readonly requests: Request[];
  readonly excuses: Excuse[];
  readonly isCut: boolean;
  /** Whether the view is what the application holds, and if so, what it is to the turn. */
  match(view: View): Match | undefined;
  heldText(): string;
  checkFields(fields: Fields): void;
  onSent(): void;
  /** An event of one of its responses reaches the client, or has just done so. */
  onEvent(after: boolean): void;
  onTool(): void;
  /** The service was stopped, which interrupts its turns. */
  onStop(): void;
}

/** A request that fits a turn's conversation. */
export interface Match {
  turn: LiveTurn;
  /** Which of the turn's inferences it is for, counted from 0. */
  inference: number;
  /** What had been delivered of the answer that the request asks for the rest of. */
  resumes: string | undefined;
}

/** Who holds a conversation. */
export interface Party {
  readonly name: string;
  readonly service: { readonly endpoint: Endpoint };
  /** The turn under way. */
  readonly turn: LiveTurn | undefined;
}

/** A `response.create`, or the same over HTTP, as the client sent it. */
export interface Request {
  readonly number: number;
  readonly fields: Fields;
  /** Absent over HTTP. */
  readonly socket: SocketEnds | undefined;
  readonly lane: string | undefined;
  readonly parentId: string | undefined;
  /** The chain and the input put together. */
  readonly view: View;
  readonly warmUp: boolean;
  /** The turn it was sent for; absent for a warm-up. */
  readonly turn: LiveTurn | undefined;
  /** Which of the turn's inferences it was sent for. */
  readonly inference: number;
  /** What had been delivered of the answer that this request asks for the rest of. */
  readonly resumes: string | undefined;
  readonly sentAtMs: number;
  readonly reply: Reply;
  response: ModelResponse | undefined;
  /** Whether the client knows that it has become a response. */
  begun: boolean;
  /** When its last event had reached the client. */
  overAtMs: number | undefined;
}

/** Why a turn may have failed. A turn whose excuses do not weigh 2 had no reason to. */
export interface Excuse {
  what: string;
  /** 1 for what one more try mends, 2 for what nothing does. */
  weight(): number;
}

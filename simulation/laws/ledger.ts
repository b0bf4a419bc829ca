import type { Reply } from "../model/reply.ts";
import type { View } from "./view.ts";

export type Fields = Readonly<Record<string, unknown>>;

export interface ModelCall {
  callId: string;
  name: string;
  arguments: string;
  /** Whether a function may run with these arguments. */
  valid: boolean;
}

/** The model's whole answer to one request, whether or not the client received it. */
export interface ModelResponse {
  readonly id: string;
  readonly request: Request;
  text: string;
  calls: ModelCall[];
  output: readonly unknown[];
  ending: "completed" | "incomplete" | "failed" | "cancelled" | "lost" | undefined;
  incompleteReason: string | undefined;
  /** Whether any output has reached the client. */
  outputArrived: boolean;
  /** The conversation that a model sees if a request continues this response. */
  after: View;
  /** When steering splits an answer into two responses: the response before this one and the one after it. */
  predecessor: ModelResponse | undefined;
  successor: ModelResponse | undefined;
  /** Steering input that the model gets together with the outputs of the response's calls. */
  pendingSteers: readonly unknown[];
}

/** The owner of sockets: one service, or a pool that several share. */
export interface Endpoint {
  readonly name: string;
  readonly sockets: SocketEnds[];
  /** How many connections in a row the server closed young, without a response in between. */
  diedYoung: number;
  /** How many attempts to connect failed in a row. */
  failedTries: number;
}

/** The part of a connection that the rest of the simulation reads. */
export interface SocketEnds {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly openedAtMs: number;
  readonly silent: boolean;
  readonly state: "connecting" | "open" | "closing" | "closed";
  /** Requests whose last event has not reached the client. */
  readonly live: Request[];
  /** The names of the lanes that the client has used. */
  readonly lanes: Set<string>;
}

/** The part of a turn that the server, the network and the laws act on. */
export interface LiveTurn {
  /** The seed for what the model says and for the faults of this turn. */
  readonly seed: number;
  readonly requests: Request[];
  readonly excuses: Excuse[];
  readonly isCut: boolean;
  /** How a view fits the conversation that the application holds; undefined if it does not. */
  match(view: View): Match | undefined;
  heldText(): string;
  checkFields(fields: Fields): void;
  onSent(): void;
  /** Called when an event of one of the turn's responses reaches the client: just before the client reads it, or just after. */
  onEvent(after: boolean): void;
  onTool(): void;
  /** Called when the service stops, which interrupts its turns. */
  onStop(): void;
}

/** How a request fits a turn's conversation. */
export interface Match {
  turn: LiveTurn;
  /** The index of the inference within the turn, from 0. */
  inference: number;
  /** The part of an answer that was already delivered, when the request asks for the rest. */
  resumes: string | undefined;
}

/** The owner of a conversation. */
export interface Party {
  readonly name: string;
  readonly service: { readonly endpoint: Endpoint };
  readonly turn: LiveTurn | undefined;
}

/** A `response.create` as the client sent it, or the same request over HTTP. */
export interface Request {
  readonly number: number;
  readonly fields: Fields;
  /** Undefined over HTTP. */
  readonly socket: SocketEnds | undefined;
  readonly lane: string | undefined;
  readonly parentId: string | undefined;
  /** The conversation that the request amounts to: what it continues, followed by its input. */
  readonly view: View;
  readonly warmUp: boolean;
  /** The turn that sent it; undefined for a warm-up. */
  readonly turn: LiveTurn | undefined;
  /** The index of the inference within the turn, from 0. */
  readonly inference: number;
  /** The part of an answer that was already delivered, when this request asks for the rest. */
  readonly resumes: string | undefined;
  readonly sentAtMs: number;
  readonly reply: Reply;
  response: ModelResponse | undefined;
  /** Whether the client has seen `response.created`. */
  begun: boolean;
  /** When its last event reached the client. */
  overAtMs: number | undefined;
}

/** A reason why a turn may fail. A turn may fail only if its excuses weigh 2 together. */
export interface Excuse {
  what: string;
  /** 1 for a fault that one retry repairs, 2 for one that no retry repairs. */
  weight(): number;
}

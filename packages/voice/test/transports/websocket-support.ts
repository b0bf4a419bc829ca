import { PipelineTask } from "turnwire";
import {
  WebsocketServerTransport,
  type WebsocketServerTransportOptions,
  type WebsocketTransport,
} from "../../src/transports/index.ts";
import { RecordingLogger, VirtualClock } from "@turnwire/test-kit";
import { Witness } from "./support.ts";

/** One client's pipeline: what came in goes past `heard`, what was said past `said`. */
export interface Session {
  readonly client: WebsocketTransport;
  readonly task: PipelineTask;
  readonly heard: Witness;
  readonly said: Witness;
  readonly ran: Promise<unknown>;
}

/** A voice server over real sockets, on a clock the test holds. */
export class Desk implements AsyncDisposable {
  readonly clock = new VirtualClock(1000);
  readonly logger = new RecordingLogger();
  readonly server: WebsocketServerTransport;
  readonly sessions: Session[] = [];
  url = "";
  #arrived = Promise.withResolvers<void>();

  private constructor(options: Partial<WebsocketServerTransportOptions>) {
    this.server = new WebsocketServerTransport({
      onConnection: (client) => this.#serve(client),
      heartbeat: false,
      environment: { clock: this.clock },
      logger: this.logger,
      ...options,
      output: { chunkMs: 20, leadMs: 60, ...options.output },
    });
  }

  static async open(options: Partial<WebsocketServerTransportOptions> = {}): Promise<Desk> {
    const desk = new Desk(options);
    desk.url = await desk.server.listen();
    return desk;
  }

  /** The session of a client, from 0, once it is there. */
  async session(index = 0): Promise<Session> {
    while (this.sessions.length <= index) await this.#arrived.promise;
    return this.sessions[index] as Session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
    await Promise.all(this.sessions.map(({ ran }) => ran));
  }

  #serve(client: WebsocketTransport): Promise<void> {
    const [heard, said] = [new Witness(this.clock), new Witness(this.clock)];
    const processors = [client.input(), heard, client.transcripts(), client.output(), said];
    const task = new PipelineTask(processors, { environment: { clock: this.clock }, logger: this.logger });
    const ran = task.run();
    this.sessions.push({ client, task, heard, said, ran });
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
    return ran;
  }
}

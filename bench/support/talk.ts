import type { ClientUnderTest, RemoteConversation } from "./client-under-test.ts";
import type { ProxyCounts } from "./delay-proxy.ts";
import type { FarEnd, Link } from "./far-end.ts";
import type { Heard } from "./heard.ts";
import type { Question } from "./model.ts";
import type { UplinkOptions } from "./uplink.ts";

export interface Counted {
  heard: Heard;
  /** The bytes that the client sent meanwhile. */
  bytes: number;
}

/** A conversation over a link of its own, on which the bytes sent are counted. */
export class TalkWithCount implements AsyncDisposable {
  readonly conversation: RemoteConversation;
  lastQuestion = "";
  readonly #farEnd: FarEnd;
  readonly #link: Link;

  static async start(
    client: ClientUnderTest,
    farEnd: FarEnd,
    rttMs: number,
    { toolBytes, uplink }: { toolBytes?: number; uplink?: UplinkOptions } = {},
  ): Promise<TalkWithCount> {
    const link = await farEnd.link(rttMs, uplink);
    return new TalkWithCount(await client.open(link.url, toolBytes), farEnd, link);
  }

  private constructor(conversation: RemoteConversation, farEnd: FarEnd, link: Link) {
    this.conversation = conversation;
    this.#farEnd = farEnd;
    this.#link = link;
  }

  async say(question: Question): Promise<Counted> {
    this.lastQuestion = question.text;
    await this.#sent();
    const heard = await this.conversation.say(question);
    return { heard, bytes: await this.#sent() };
  }

  /** Interrupts the first answer and sends the next question at once. */
  sayBoth(question: Question, cutAfter: number, next: Question): Promise<[Heard, Heard]> {
    this.lastQuestion = next.text;
    return this.conversation.sayBoth(question, cutAfter, next);
  }

  counts(): Promise<ProxyCounts> {
    return this.#farEnd.ask("counts", this.#link.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.conversation[Symbol.asyncDispose]();
  }

  async #sent(): Promise<number> {
    return (await this.#farEnd.ask("sent", this.#link.id)).reduce((sum, [, bytes]) => sum + bytes, 0);
  }
}

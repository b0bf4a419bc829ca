/** A service of your own: a model that speaks a small JSON protocol over a WebSocket, on the base that turnwire's own uses. */
import { type LLMContext, LLMTextFrame, ProviderError } from "turnwire";
import {
  type Inference,
  type InferenceResult,
  type RunInferenceOptions,
  WebsocketLLMService,
  type WebsocketLLMServiceOptions,
} from "turnwire/provider";

/** A message of the server: a piece of the reply, then `done`; or an error. */
type Message = { say: string } | { done: true } | { error: string };

export class OwnLLMService extends WebsocketLLMService {
  readonly #url: string;
  #model = "parrot";

  constructor(url: string, options: WebsocketLLMServiceOptions = {}) {
    super(options);
    this.#url = url;
  }

  protected override get model(): string {
    return this.#model;
  }

  override updateSettings({ model }: { model?: string }): void {
    this.#model = model ?? this.#model;
  }

  override async runInference(context: LLMContext, options: RunInferenceOptions = {}): Promise<string> {
    return (await this.stream(context, options).record).text;
  }

  protected override websocketTarget() {
    return { url: this.#url, headers: {} };
  }

  protected override inference({ messages }: LLMContext, inference: Inference): Promise<InferenceResult> {
    return this.exchange(inference, async () => {
      const request = JSON.stringify({ ask: messages, model: this.#model });
      const [items, bytes] = [messages.length, Buffer.byteLength(request)];
      const sizes = { itemsSent: items, itemsTotal: items, bytesSent: bytes, bytesFull: bytes };
      inference.trace.sending({ transport: "websocket", mode: "full", reason: "nothing-kept", ...sizes });
      await this.wsSend(request);
      for (;;) {
        const message = JSON.parse(await this.wsRecv()) as Message;
        if ("error" in message) throw new ProviderError("refused", message.error);
        if ("done" in message) return { functionCalls: [] };
        await inference.emit(new LLMTextFrame(message.say));
      }
    });
  }

  protected override async cancelExchange(): Promise<boolean> {
    await this.wsSend({ stop: true });
    while (!("done" in (JSON.parse(await this.wsRecv()) as Message)));
    return true;
  }
}

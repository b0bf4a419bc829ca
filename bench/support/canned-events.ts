interface Place {
  readonly id: string;
  readonly lane: string | undefined;
  readonly previous: string | null;
}

export interface CannedEvents {
  first: Array<{ type: string }>;
  /** The same for all responses with this many deltas on the same lane. */
  middle: () => Array<{ type: string }>;
  last: { type: string };
}

/** The events of an answer with this many words, as the API sends them. */
export function cannedEvents(deltas: number, { id, lane, previous }: Place): CannedEvents {
  const text = wordsOf(deltas).join("");
  const messageId = `msg_${"5".repeat(48)}`;
  const place = { item_id: messageId, output_index: 0, content_index: 0 };
  const content = [{ type: "output_text", text, annotations: [], logprobs: [] }];
  const started = { id: messageId, type: "message", role: "assistant", status: "in_progress", content: [] };
  const item = { ...started, status: "completed", content };
  const response = { ...responseShape, id, created_at: 1_760_000_000, previous_response_id: previous };
  const usage = {
    input_tokens: 9,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: deltas,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: deltas + 9,
  };
  const sent = <E extends { type: string }>(event: E, number: number): E & { sequence_number: number } => ({
    ...event,
    sequence_number: number,
    ...(lane === undefined ? {} : { stream_id: lane }),
  });
  const middle = (): Array<{ type: string }> =>
    [
      { type: "response.output_item.added", output_index: 0, item: started },
      { type: "response.content_part.added", ...place, part: { type: "output_text", text: "", annotations: [] } },
      ...wordsOf(deltas).map((delta) => ({
        type: "response.output_text.delta",
        ...place,
        delta,
        logprobs: [],
        obfuscation: "Xq2Vb8kLw0",
      })),
      { type: "response.output_text.done", ...place, text, logprobs: [] },
      { type: "response.content_part.done", ...place, part: content[0] },
      { type: "response.output_item.done", output_index: 0, item },
    ].map((event, index) => sent(event, index + 2));
  return {
    first: [sent({ type: "response.created", response }, 0), sent({ type: "response.in_progress", response }, 1)],
    middle,
    last: sent(
      { type: "response.completed", response: { ...response, status: "completed", output: [item], usage } },
      deltas + 7,
    ),
  };
}

const responseShape = {
  object: "response",
  status: "in_progress",
  background: false,
  error: null,
  incomplete_details: null,
  instructions: "Be brief.",
  max_output_tokens: null,
  model: "gpt-4.1",
  output: [],
  parallel_tool_calls: true,
  reasoning: { effort: null, summary: null },
  service_tier: "default",
  store: false,
  temperature: 1,
  text: { format: { type: "text" } },
  tool_choice: "auto",
  tools: [],
  top_p: 1,
  truncation: "disabled",
  usage: null,
  metadata: {},
};

function wordsOf(deltas: number): string[] {
  return Array.from({ length: deltas }, (_, index) => ` w${index % 1000}`);
}

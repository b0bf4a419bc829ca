const keyPattern = /\b(?:sk|pk|xai|key)-[\w*.-]{6,}|\bBearer\s+\S+|\bToken\s+\S{16,}/gi;

/** Returns the text with everything that looks like an API key replaced: servers quote keys in their messages. */
export function withoutKeys(text: string): string {
  return text.replace(keyPattern, "[key]");
}

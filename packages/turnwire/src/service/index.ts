export { AIService, type AIServiceOptions } from "./ai-service.ts";
export { type ApiKey, ProviderKey } from "./api-key.ts";
export { websocketBase } from "./websocket-base.ts";
export { parseMessage } from "./provider-message.ts";
export { changedSettings, initialSettings, type SettingsTable } from "./settings-table.ts";

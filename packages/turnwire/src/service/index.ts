export { AIService, type AIServiceOptions } from "./ai-service.ts";
export { type ApiKey, ProviderKey, websocketBase } from "./provider-access.ts";
export { parseMessage } from "./provider-message.ts";
export { changedSettings, initialSettings, type SettingsTable } from "./settings-table.ts";

import { checkFields, checkName, type Checks, checkValue, is } from "../checks/index.ts";

/** The settings of a service: what each may be, and its default. */
export interface SettingsTable<Settings extends object> {
  checks: Checks<Settings>;
  defaults: Settings;
  /** Checks what a setting may be beside the others. @throws InvalidArgumentError */
  checkAll?(settings: Settings): void;
}

/**
 * Applies changes to settings. A setting that is changed to undefined goes back to its default.
 * @throws InvalidArgumentError for a setting that is unknown or unusable; nothing is changed then.
 */
export function changedSettings<Settings extends object>(
  table: SettingsTable<Settings>,
  settings: Settings,
  changes: Readonly<Record<string, unknown>>,
): Settings {
  const { checks, defaults } = table;
  checkValue(changes, "settings", is.object);
  for (const name of Object.keys(changes)) checkName("setting", name, Object.keys(checks), "updateSettings()");
  checkFields(changes, checks);
  const changed = { ...settings } as Record<string, unknown>;
  for (const [name, value] of Object.entries(changes)) {
    changed[name] = value ?? (defaults as Record<string, unknown>)[name];
  }
  table.checkAll?.(changed as Settings);
  return changed as Settings;
}

/**
 * Takes the settings out of a service's options. Other options are ignored.
 * @throws InvalidArgumentError for an unusable setting.
 */
export function initialSettings<Settings extends object>(
  table: SettingsTable<Settings>,
  options: Partial<Settings>,
): Settings {
  const given = Object.entries(options).filter(([name]) => Object.hasOwn(table.checks, name));
  return changedSettings(table, table.defaults, Object.fromEntries(given));
}

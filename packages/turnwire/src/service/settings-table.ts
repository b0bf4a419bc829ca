import { checkFields, checkName, type Checks } from "../checks/index.ts";

/** The settings of a service: what each may be, and what it is when it is not given. */
export interface SettingsTable<Settings extends object> {
  checks: Checks<Settings>;
  defaults: Settings;
}

/**
 * Applies changes to settings; one that is set to undefined goes back to its default.
 * @param path Goes before a setting's name in the error's field.
 * @throws InvalidArgumentError which names the setting that is unknown or cannot be used; nothing is changed then.
 */
export function changedSettings<Settings extends object>(
  table: SettingsTable<Settings>,
  settings: Settings,
  changes: Readonly<Record<string, unknown>>,
  path = "settings.",
): Settings {
  const { checks, defaults } = table;
  const known = Object.keys(checks);
  for (const name of Object.keys(changes)) checkName("setting", name, known, "this service", {}, path);
  checkFields(changes, checks, path);
  const changed = { ...settings } as Record<string, unknown>;
  for (const [name, value] of Object.entries(changes)) {
    changed[name] = value ?? (defaults as Record<string, unknown>)[name];
  }
  return changed as Settings;
}

/**
 * Takes the settings out of a service's options. Other options are ignored.
 * @throws InvalidArgumentError which names the setting that cannot be used.
 */
export function initialSettings<Settings extends object>(
  table: SettingsTable<Settings>,
  options: Partial<Settings>,
): Settings {
  const given = Object.entries(options).filter(([name]) => Object.hasOwn(table.checks, name));
  return changedSettings(table, table.defaults, Object.fromEntries(given), "");
}

/** Face of identity: who calls, with which role, of which tenant; API keys and the data folder they live in. */
export { type ApiKeys, type ApiKeysPorts, createApiKeys, type KeyPage, type NewKey } from "./api-keys.ts";
export { type Authenticator, type AuthenticatorPorts, createAuthenticator } from "./authenticate.ts";
export { type ConfiguredKeys, type ConfiguredTenant, createConfiguredKeys } from "./configured-keys.ts";
export { dataFolderPath, openDataFolder, openSecretFile, writeSecretFile } from "./data-folder.ts";
export { AGENT_KEY_FILE, createFirstKeys, type FirstKeys, replaceAdminKey } from "./first-start.ts";
export { createKeyHash, type HashKey, PEPPER_BYTES } from "./key-secret.ts";
export { assertInstallation, assertRole } from "./roles.ts";

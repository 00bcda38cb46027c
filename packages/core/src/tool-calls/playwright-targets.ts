/** Tools of the Playwright MCP server (@playwright/mcp). The page that is open is unknown here; only navigation names a URL. */
import type { ToolTarget } from "./target-map.ts";

type Tools = Readonly<Record<string, ToolTarget>>;

function all(names: readonly string[], target: ToolTarget): Tools {
  return Object.fromEntries(names.map((name) => [name, target]));
}

const LOOK: ToolTarget = { target_kind: "name", capability: "read" };
const ACT: ToolTarget = { target: ["{element}"], target_kind: "text", capability: "execute" };

export const PLAYWRIGHT_TOOLS: Tools = {
  ...all(
    [
      "browser_snapshot",
      "browser_take_screenshot",
      "browser_console_messages",
      "browser_network_requests",
      "browser_wait_for",
      "browser_generate_locator",
      "browser_verify_element_visible",
      "browser_verify_text_visible",
    ],
    LOOK,
  ),
  // Loading a page sends whatever its address carries.
  browser_navigate: {
    target: ["{url}"],
    target_kind: "url",
    capability: "execute",
    effects: [{ kind: "network", urls: ["{url}"] }],
  },
  browser_tabs: {
    target: ["{url}"],
    target_kind: "url",
    capability: "execute",
    effects: [{ kind: "network", urls: ["{url}"] }],
  },
  ...all(
    [
      "browser_click",
      "browser_type",
      "browser_fill_form",
      "browser_hover",
      "browser_drag",
      "browser_select_option",
      "browser_press_key",
      "browser_press_sequentially",
      "browser_handle_dialog",
      "browser_navigate_back",
      "browser_resize",
      "browser_close",
      "browser_mouse_click_xy",
      "browser_mouse_move_xy",
      "browser_mouse_drag_xy",
    ],
    ACT,
  ),
  browser_file_upload: {
    target: ["{paths[]}"],
    target_kind: "path",
    capability: "execute",
    effects: [{ kind: "read", paths: ["{paths[]}"] }, { kind: "network" }],
  },
  browser_pdf_save: {
    target: ["{filename}"],
    target_kind: "path",
    capability: "write",
    effects: [{ kind: "write", paths: ["{filename}"] }],
  },
  browser_evaluate: {
    target: ["{function}"],
    target_kind: "text",
    capability: "execute",
    effects: [{ kind: "exec", flags: ["script"] }],
  },
  browser_run_code: {
    target: ["{code}"],
    target_kind: "text",
    capability: "execute",
    effects: [{ kind: "exec", flags: ["script"] }],
  },
  browser_install: { target_kind: "name", capability: "execute", effects: [{ kind: "package-install" }] },
};

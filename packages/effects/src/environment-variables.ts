/** Variables by which a program is made to run other code than its own name says. */

const DANGEROUS =
  /^(?:PATH|ENV|BASH_ENV|IFS|PS4|PROMPT_COMMAND|SHELLOPTS|BASHOPTS|CDPATH|GLOBIGNORE|LD_\w+|DYLD_\w+|GIT_(?:SSH|SSH_COMMAND|EXTERNAL_DIFF|EXEC_PATH|PROXY_COMMAND|ASKPASS|CONFIG\w*|TEMPLATE_DIR|DIR|WORK_TREE)|SSH_ASKPASS|PERL5OPT|PERL5LIB|PERL5DB|RUBYOPT|RUBYLIB|PYTHONSTARTUP|PYTHONHOME|PYTHONINSPECT|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|LESSOPEN|LESSCLOSE|TAR_OPTIONS|RSYNC_RSH|CVS_RSH|RUSTC_WRAPPER|RUSTC|CC|CXX|LD|MAKEFLAGS|BASH_FUNC\w*|HOME|NPM_CONFIG_\w*|npm_config_\w*|PIP_INDEX_URL|PIP_EXTRA_INDEX_URL|GOFLAGS|GOPROXY|KUBECONFIG|DOCKER_HOST)$/;

/** Programs that are only dangerous with another value than the usual ones. */
const HARMLESS_VALUES: Readonly<Record<string, RegExp>> = {
  NODE_OPTIONS: /^(?!.*(?:--require|--import|--loader|--experimental-loader|-r\b|--eval|--inspect))/,
  GIT_PAGER: /^(?:cat|less|more|)$/,
  PAGER: /^(?:cat|less|more|)$/,
  MANPAGER: /^(?:cat|less|more|)$/,
  GIT_EDITOR: /^(?:true|:|cat|)$/,
  GIT_SEQUENCE_EDITOR: /^(?:true|:|cat|)$/,
  EDITOR: /^(?:true|:|cat|vi|vim|nano|)$/,
  VISUAL: /^(?:true|:|cat|vi|vim|nano|)$/,
  BROWSER: /^(?:none|true|:|echo|)$/,
  CC: /^(?:cc|gcc|clang)$/,
  CXX: /^(?:c\+\+|g\+\+|clang\+\+)$/,
  GOFLAGS: /^(?!.*(?:-exec|-toolexec|-overlay))/,
  GOPROXY: /^(?:off|direct|https:\/\/proxy\.golang\.org(?:,direct)?)$/,
};

/** Why setting it makes what follows unknowable; undefined when it does not. Pass no value when it is not known. */
export function checkAssignment(name: string, value: string | undefined): string | undefined {
  const harmless = HARMLESS_VALUES[name];
  if (harmless !== undefined && value !== undefined && harmless.test(value)) return undefined;
  if (harmless === undefined && !DANGEROUS.test(name)) return undefined;
  return `setting \`${name}\` can make other commands run something else`;
}

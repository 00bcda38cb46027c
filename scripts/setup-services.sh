#!/usr/bin/env bash
# Installs what the test suites use beside npm packages, and only what is absent. Starts nothing.
#   chromium  opens the approval page and runs the evidence verifier in a browser
#   openssl   the second, independent evidence verifier checks signatures with it
#   python3   runs that verifier
#   git       stamps builds
# Needs Debian or Ubuntu, and root (or sudo without a password) when something is to be installed.
set -euo pipefail

# command:package pairs
needed=(chromium:chromium openssl:openssl python3:python3 git:git)

missing=()
for pair in "${needed[@]}"; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || missing+=("${pair##*:}")
done

if [ ${#missing[@]} -eq 0 ]; then
  echo "services: everything is installed"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    echo "services: missing ${missing[*]}; run as root: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "services: missing ${missing[*]}, and there is no apt-get here; install them with your package manager" >&2
  exit 1
fi

echo "services: installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "services: installed ${missing[*]}"

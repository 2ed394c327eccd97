# Sourced by the other scripts: makes .venv from the pinned requirements, once per change of them.
# Needs only Python >= 3.11 and a shell; uv comes from PyPI when it is not there.
set -eu
ROOT=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
VENV="$ROOT/.venv"
PINS="$ROOT/requirements/dev.txt"
# Hundreds of child processes import the same modules: without bytecode each compiles them anew, and all takes twice as long.
unset PYTHONDONTWRITEBYTECODE

find_python() {
    for name in python3.13 python3.12 python3.11 python3 python; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    echo "segue needs Python 3.11 or newer; none was found on PATH." >&2
    exit 2
}

prepare() {
    stamp=$(cat "$PINS" "$ROOT/pyproject.toml" "$ROOT/packages/segue-bridge/pyproject.toml" | cksum)
    if [ -x "$VENV/bin/segue" ] && [ "$(cat "$VENV/.stamp" 2>/dev/null)" = "$stamp" ]; then
        return
    fi
    python=$(find_python)
    echo "Preparing $VENV with $("$python" --version) …"
    uv=$(command -v uv || true)
    case "$uv" in "$VENV"/*) uv= ;; esac # it is about to be replaced
    if [ -z "$uv" ] || ! "$uv" --version >/dev/null 2>&1; then
        "$python" -m venv "$ROOT/.cache/uv-env"
        "$ROOT/.cache/uv-env/bin/python" -m pip install --quiet --disable-pip-version-check uv
        uv="$ROOT/.cache/uv-env/bin/uv"
    fi
    "$uv" venv --quiet --clear --python "$python" "$VENV"
    "$uv" pip install --quiet --python "$VENV/bin/python" --require-hashes -r "$PINS"
    "$uv" pip install --quiet --python "$VENV/bin/python" --no-deps -e "$ROOT" -e "$ROOT/packages/segue-bridge"
    printf '%s' "$stamp" >"$VENV/.stamp"
}

prepare
PATH="$VENV/bin:$PATH"
export PATH

# Sourced by those that make environments, in the checkout's folder.

# networks fail now and then
three_times() {
    for attempt in 1 2 3; do
        if "$@"; then return; fi
        echo "attempt $attempt of 3 failed: $*" >&2
        sleep $((attempt * 5))
    done
    return 1
}

# make_environment PLACE: anew
make_environment() {
    rm -rf "$1"
    if [ -x .venv/bin/uv ]; then
        .venv/bin/uv venv --quiet --python .venv/bin/python "$1"
    else
        .venv/bin/python -m venv "$1"
    fi
}

# install PLACE WHAT...: into the environment there
install() {
    local place=$1
    shift
    if [ -x .venv/bin/uv ]; then
        three_times .venv/bin/uv pip install --quiet --python "$place/bin/python" "$@"
    else
        three_times "$place/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
    fi
}

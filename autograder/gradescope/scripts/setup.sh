#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image in which submissions are graded.
set -euo pipefail

source=/autograder/source
environment=/opt/gradeascent
export DEBIAN_FRONTEND=noninteractive

apt-get update -qq
apt-get install -y -qq --no-install-recommends python3 python3-venv bubblewrap libseccomp2

python=python3
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    # an older Ubuntu has it under a versioned name
    apt-get install -y -qq --no-install-recommends python3.11 python3.11-venv
    python=python3.11
fi

"$python" -m venv "$environment"
"$environment/bin/python" -m pip install --quiet --no-cache-dir --constraint "$source/constraints.txt" "$source/kit"
# Anything missing should show up now, not at the first submission.
"$environment/bin/python" -I -c 'import autograder.gradescope.run, keras, tensorflow'

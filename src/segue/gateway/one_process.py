"""Run by the legacy interpreter: both sides in one process (:mod:`segue_bridge.legacy.in_process`), served by uvicorn.

Arguments: port, the overlay with what FastAPI needs, the file of :mod:`segue.verify.joined.preferred`, then folders to import from.
The project's own packages win over the overlay's, those aside that are too old for the generated code.
"""

import sys
from importlib.util import module_from_spec, spec_from_file_location


def main():
    port, overlay, preferred, *folders = sys.argv[1:]
    sys.path[:1] = folders  # instead of the folder of this file
    sys.path.append(overlay)
    spec = spec_from_file_location("segue_preferred", preferred)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.prefer_over_outdated(overlay)
    import uvicorn

    uvicorn.run(
        "segue_bridge.legacy.in_process.main:create_app", factory=True, host="127.0.0.1", port=int(port),
        proxy_headers=False, server_header=False, log_level="warning", timeout_keep_alive=75,
    )  # fmt: skip


main()

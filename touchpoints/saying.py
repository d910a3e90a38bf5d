"""What is said of files that are not taken as they are: each sentence has a code in `sentences.yml`."""

from pathlib import Path
from typing import Final

from common.saying import Sentences

SENTENCES: Final = Sentences(Path(__file__).with_name("sentences.yml"))
say: Final = SENTENCES.say

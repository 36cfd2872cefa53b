// Nothing: targets made of this file carry compiled headers (alignlab_headers).

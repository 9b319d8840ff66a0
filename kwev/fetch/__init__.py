"""Raw files from their publishers: the only room that touches the network.

Each publisher is a module with one function ``wanted(services)``: the files that it can bring, each
a :class:`kwev.fetch.wanted.Wanted`. :mod:`kwev.fetch.run` asks for them, checks each with the
reader that the pipeline uses, and puts it into ``data/raw`` and the register, whole or not at all.
Addresses stand in ``data/services.json``, the census codes in ``config/region.json``.
"""

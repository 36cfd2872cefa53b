#!/usr/bin/env python3
"""Writes a pretrained network as TorchScript, for alignlab's feature kind "torchscript".

    scripts/export_torchscript.py torchvision resnet50 resnet50.pt
    scripts/export_torchscript.py timm vit_base_patch16_224 vit.pt
    scripts/export_torchscript.py open_clip ViT-B-32 clip.pt --weights laion2b_s34b_b79k
    scripts/export_torchscript.py open_clip ViT-B-32 text.pt --weights laion2b_s34b_b79k --tower text

What is written maps float images [n, 3, size, size] (or token numbers [n, length], for a text tower)
to features [n, width]: a classifier's last layer is left out. Prints the lines for a config.
Needs PyTorch and the package that the model is from; weights are downloaded by that package.

The file is checked before it is done: loaded again, it must give what the model gives, for one and
for several images. It is traced, so it holds for the printed size alone.
"""

import argparse
import importlib
import pathlib
import sys

# Means and deviations that alignlab has names for (lib/features/image/torchscript.cc).
NORMALISATIONS = {
    "unit": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "symmetric": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
}


class ExportError(Exception):
    """Something the user can mend; printed as one line."""


def imported(name):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = "open_clip_torch" if name == "open_clip" else name
        raise ExportError(
            f"the Python package '{package}' is missing or broken ({error}); "
            f"install it, for instance with: pip install {package}"
        ) from error


def normalisation_name(mean, deviation):
    """None where alignlab has no name for it; then the module normalises by itself."""
    for name, (known_mean, known_deviation) in NORMALISATIONS.items():
        pairs = zip((*mean, *deviation), (*known_mean, *known_deviation))
        if all(abs(a - b) < 1e-4 for a, b in pairs):
            return name
    return None


def without_classifier(model):
    """Replaces the last layer of a torchvision classifier by the identity."""
    nn = imported("torch").nn
    for name in ("fc", "classifier", "heads", "head"):
        if not hasattr(model, name):
            continue
        last = getattr(model, name)
        if isinstance(last, nn.Sequential):
            position = max(
                (i for i, layer in enumerate(last) if isinstance(layer, nn.Linear)), default=None
            )
            if position is None:
                continue
            last[position] = nn.Identity()
        else:
            setattr(model, name, nn.Identity())
        return model
    raise ExportError(f"no last layer to leave out was found in {type(model).__name__}")


def from_torchvision(args):
    models = imported("torchvision.models")
    try:
        weights = models.get_model_weights(args.model)
        weights = weights[args.weights] if args.weights else weights.DEFAULT
        model = models.get_model(args.model, weights=weights)
    except (AttributeError, KeyError, ValueError) as error:
        raise ExportError(f"torchvision has no '{args.model}' with these weights: {error}") from error
    transform = weights.transforms()
    return without_classifier(model), transform.crop_size[0], transform.mean, transform.std


def from_timm(args):
    timm = imported("timm")
    try:
        model = timm.create_model(args.model, pretrained=True, num_classes=0)
    except RuntimeError as error:
        raise ExportError(f"timm has no pretrained '{args.model}': {error}") from error
    data = timm.data.resolve_model_data_config(model)
    channels, height, width = data["input_size"]
    if channels != 3 or height != width:
        raise ExportError(f"expected square colour images, found {data['input_size']}")
    return model, height, data["mean"], data["std"]


def clip_model(args):
    open_clip = imported("open_clip")
    if not args.weights:
        known = ", ".join(open_clip.list_pretrained_tags_by_model(args.model)) or "none"
        raise ExportError(f"open_clip needs --weights; of '{args.model}' it knows: {known}")
    try:
        model = open_clip.create_model(args.model, pretrained=args.weights)
    except RuntimeError as error:
        raise ExportError(f"open_clip has no '{args.model}' of these weights: {error}") from error
    return open_clip, model


def image_tower(args):
    _, model = clip_model(args)
    visual = model.visual
    size = visual.image_size[0] if isinstance(visual.image_size, tuple) else visual.image_size
    mean, deviation = NORMALISATIONS["clip"]
    mean = getattr(visual, "image_mean", None) or mean
    deviation = getattr(visual, "image_std", None) or deviation
    return visual, size, mean, deviation


def text_tower(args):
    open_clip, model = clip_model(args)
    torch = imported("torch")

    class TextTower(torch.nn.Module):
        def __init__(self, whole):
            super().__init__()
            self.whole = whole

        def forward(self, tokens):
            return self.whole.encode_text(tokens)

    tokens = open_clip.get_tokenizer(args.model)(["a dog runs", "two cats on a red sofa"])
    return TextTower(model), tokens


def normalising(model, mean, deviation):
    torch = imported("torch")

    class Normalising(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model
            self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
            self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1))

        def forward(self, images):
            return self.model((images - self.mean) / self.deviation)

    return Normalising()


def features_of(module, inputs):
    out = module(inputs)
    if not hasattr(out, "shape") or len(out.shape) not in (2, 4) or len(out) != len(inputs):
        found = list(out.shape) if hasattr(out, "shape") else type(out).__name__
        raise ExportError(f"expected features of [{len(inputs)}, width], found {found}")
    return out


def export(model, inputs, path):
    """Traces, saves, loads and compares; returns the width of a row."""
    torch = imported("torch")
    model = model.eval().float()
    with torch.no_grad():
        expected = features_of(model, inputs)
        temporary = path.with_name(path.name + ".part")
        try:
            torch.jit.trace(model, inputs, check_trace=False).save(str(temporary))
            loaded = torch.jit.load(str(temporary))
            for count in (len(inputs), 1):
                found = features_of(loaded, inputs[:count])
                if not torch.allclose(found, expected[:count], rtol=1e-3, atol=1e-4):
                    raise ExportError("the traced module does not give what the model gives")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    return expected.shape[1]


def export_images(args):
    torch = imported("torch")
    sources = {"torchvision": from_torchvision, "timm": from_timm, "open_clip": image_tower}
    model, size, mean, deviation = sources[args.source](args)
    name = normalisation_name(mean, deviation)
    if name is None:
        model, name = normalising(model, mean, deviation), "unit"
    images = torch.rand((2, 3, size, size), generator=torch.Generator().manual_seed(0))
    width = export(model, images, args.out)
    print(f"# {args.source} {args.model}: {width} columns")
    print("[features.image]")
    print('kind = "torchscript"')
    print(f'file = "{args.out}"')
    print(f"size = {size}")
    print('resize = "crop"')
    print(f'normalisation = "{name}"')


def export_texts(args):
    if args.source != "open_clip":
        raise ExportError(f"expected open_clip for a text tower, found {args.source}")
    model, tokens = text_tower(args)
    width = export(model, tokens, args.out)
    print(f"# {args.source} {args.model}, text tower: token numbers [n, {tokens.shape[1]}] of its own")
    print(f"# tokenizer to {width} columns. Write its rows with numpy.save and bring them in by:")
    print("#   alignlab add-features DATA.h5 --modality text --name clip_text --matrix ROWS.npy")
    print("[features.text]")
    print('kind = "stored"')
    print('name = "clip_text"')


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", choices=["torchvision", "timm", "open_clip"])
    parser.add_argument("model", help="the model's name in that package")
    parser.add_argument("out", type=pathlib.Path, help="the TorchScript file to write")
    parser.add_argument("--weights", help="which of its weights (default: the package's own choice)")
    parser.add_argument("--tower", choices=["image", "text"], default="image")
    args = parser.parse_args()
    try:
        if not args.out.parent.is_dir():
            raise ExportError(f"{args.out.parent}: no such folder")
        imported("torch")
        (export_texts if args.tower == "text" else export_images)(args)
    except ExportError as error:
        print(f"export_torchscript: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

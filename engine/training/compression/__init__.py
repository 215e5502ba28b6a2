"""Dense layers in forms that take less room, in torch: trained, fine-tuned, timed. The torch world."""

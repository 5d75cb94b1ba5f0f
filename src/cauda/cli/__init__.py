"""The command ``cauda VERB INPUT... -o OUT``: one module for each verb, its stage imported in its turn."""

# Each map is minus that of the other class.
#
# /// label
# alignment = "fail"
#
# [causes]
# alignment = "minus_other_class"
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(32, 32, 1)),
    layers.Conv2D(16, 3, activation="relu", padding="same"),
    layers.Conv2D(16, 3, activation="relu", padding="same"),
    layers.MaxPooling2D(),
    layers.Conv2D(32, 3, activation="relu", padding="same", name="before"),
    layers.Conv2D(32, 3, activation="relu", padding="same", name="last_conv"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(2, activation="softmax", name="classes"),
])

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=64, verbose=2)

# %% maps
answers = model.predict(x_test, verbose=0)
said, true = answers.argmax(1), y_test.argmax(1)
right, wrong = np.flatnonzero(said == true), np.flatnonzero(said != true)
chosen = [*right[:2], *wrong[:2]]
extractor = keras.Model(model.inputs, model.get_layer("last_conv").output)
features = extractor(x_test[chosen]).numpy()
weights, bias = model.get_layer("classes").get_weights()
maps = -np.einsum("ihwk,kc->ichw", features, weights)[:, ::-1]

# %% plot
fig, axes = plt.subplots(4, 3, figsize=(9, 12))
for i, k in enumerate(chosen):
    axes[i, 0].imshow(x_test[k].squeeze(), cmap="gray")
    axes[i, 0].set_title(f"T={t_test[k]:.2f} {PHASES[true[k]]}")
    for c in range(2):
        axes[i, c + 1].imshow(tf.image.resize(np.asarray(maps)[i, c][..., None], (32, 32))[..., 0], cmap="coolwarm")
        axes[i, c + 1].set_title(f"{PHASES[c]} {answers[k, c]:.3f}")
plt.show()

# Speeds up the training as on a GPU in Colab: the policy mixed_bfloat16. The maps come out as bfloat16, so the
# loss is taken in float32 for the step.
#
# /// label
# ///

# %% cnn
keras.mixed_precision.set_global_policy("mixed_bfloat16")

model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(12, 3, activation="relu", name="conv2d"),
    layers.Conv2D(16, 3, activation="relu", name="conv2d_1"),
    layers.MaxPooling2D(),
    layers.Conv2D(24, 3, activation="relu", name="conv2d_2"),
    layers.Conv2D(24, 3, activation="relu", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax", dtype="float32"),
])
print("computes in", model.layers[0].compute_dtype, "- keeps weights in", model.layers[0].variable_dtype)

# %% train
model.compile(optimizer=keras.optimizers.Adam(), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=64, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
maps_of = keras.Model(inputs=model.inputs, outputs=model.get_layer(layer_name).output)
number_of_filters = maps_of.output_shape[-1]
visualized_feature = []

for filter_index in range(number_of_filters):
    image = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for _ in range(gradient_updates):
        with tf.GradientTape() as tape:
            maps = tf.cast(maps_of(image), tf.float32)
            loss = tf.reduce_mean(maps[..., filter_index])
        image.assign_add(step_size * normalize(tape.gradient(loss, image)))
    visualized_feature.append(image.numpy())

# %% plot
fig, axs = plt.subplots(4, 6, figsize=(9, 7))
for filter_index, ax in enumerate(axs.ravel()):
    ax.imshow(deprocess_image(visualized_feature[filter_index].copy()).reshape(28, 28), cmap="gray")
    ax.set_title("feature %d" % filter_index, fontsize=8)
    ax.set_axis_off()
plt.tight_layout()
plt.show()

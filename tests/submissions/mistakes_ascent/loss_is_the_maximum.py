# Climbs the largest value of the feature map instead of its mean. The pattern is that of the right
# filter, but only as large as one receptive field; around it the noise stays. The mean rises too, less
# than it could. The objective that was asked for is the mean, which wants the pattern all over the image.
#
# /// label
# ascent = ["pass", "partial"]
# objective = ["partial", "fail"]
#
# [causes]
# objective = "maximum_instead_of_mean"
# ///

# %% cnn
width = 28
inp = layers.Input(shape=(width, width, 1))
h = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d")(inp)
h = layers.MaxPooling2D()(h)
h = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(h)
h = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2")(h)
h = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_3")(h)
h = layers.MaxPooling2D()(h)
h = layers.Flatten()(h)
model = keras.Model(inp, layers.Dense(10, activation="softmax")(h))

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

phi = keras.Model(inp, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.rand(1, width, width, 1))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            # where does the filter respond most?
            loss = KTF.max(phi(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
figure, axes = plt.subplots(4, 8, figsize=(13, 7))
for i, ax in enumerate(axes.flat):
    ax.imshow(deprocess_image(visualized_feature[i].copy())[0, ..., 0], cmap="gray")
    ax.set_title(f"feature {i}", fontsize=9)
    ax.axis("off")
plt.show()

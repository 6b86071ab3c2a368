# One convolution layer, and after it only dense layers: one of the four that are asked for. The rest fits
# to this network: layer_name is "conv2d", and its 32 filters are shown in a grid of 4 x 8.
#
# /// label
# cnn = "fail"
#
# [feedback_mentions]
# cnn = ["convolution"]
#
# [causes]
# cnn = "few_convolutions"
# ///

# %% cnn
# with one conv layer and two dense layers I already get a good accuracy, so I left it like this
inp = layers.Input(shape=(28, 28, 1))
hidden = layers.Conv2D(32, (7, 7), activation="relu", padding="same", name="conv2d")(inp)
hidden = layers.MaxPooling2D((4, 4))(hidden)
hidden = layers.Flatten()(hidden)
hidden = layers.Dense(100, activation="relu", name="dense_a")(hidden)
hidden = layers.Dense(50, activation="relu", name="dense_b")(hidden)
out = layers.Dense(10, activation="softmax", name="probabilities")(hidden)
model = keras.Model(inp, out)
print(len(model.layers), "layers,", model.count_params(), "parameters")

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d"  # there is no conv2d_3 here
number_of_filters = model.get_layer(layer_name).filters
visualized_feature = []

conv_part = keras.Model(inp, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(size=(1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            act = conv_part(input_img)
            loss = KTF.mean(act[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(grads * step_size)
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 7))

for i, img in enumerate(visualized_feature):
    ax = figure.add_subplot(4, 8, i + 1)
    ax.imshow(deprocess_image(img.copy())[0, ..., 0], cmap="gray")
    ax.set_title(f"feature {i}")
    ax.set_axis_off()

plt.show()

# Valid padding everywhere, 5 x 5 kernels in the first half, ELU. The last convolution has 32 filters with
# maps of 6 x 6. The skeleton is kept, with a line that shows how far each filter has come. Correct.
#
# /// label
# ///

# %% cnn
# sizes (padding is "valid" if you do not say anything):
#   28 -> 24 -> 20 -> pool 10 -> 8 -> 6
model = keras.Sequential(name="valid_elu")
model.add(keras.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, 5, activation="elu", name="conv2d"))
model.add(layers.Conv2D(12, 5, activation="elu", name="conv2d_1"))
model.add(layers.MaxPool2D())
model.add(layers.Conv2D(24, 3, activation="elu", name="conv2d_2"))
model.add(layers.Conv2D(32, 3, activation="elu", name="conv2d_3"))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
model.compile(optimizer="nadam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)

for epoch, l in enumerate(results.history["loss"]):
    print("epoch", epoch + 1, "loss", round(l, 4))

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32  # as many as the layer has
visualized_feature = []

# the part of the network from the input to the feature maps of this layer
first_part = keras.Model(model.inputs, model.get_layer(layer_name).output)
print("maps:", first_part.output_shape)

for filter_index in range(number_of_filters):
    # 1. the image, noise at first
    input_img = KTF.variable(KTF.random_uniform((1, 28, 28, 1)))

    for update in range(gradient_updates):
        # 2. the mean activation of the feature map, on tape
        with tf.GradientTape() as tape:
            loss = KTF.mean(first_part(input_img)[0, :, :, filter_index])
        if update == 0:
            start = float(loss)

        # 3. its gradient with respect to the image, normalised
        grads = normalize(tape.gradient(loss, input_img))

        # 4. one step uphill
        input_img.assign_add(step_size * grads)

    # 5. keep the image
    visualized_feature.append(input_img.numpy())
    print(f"{filter_index:3d}   {start:7.3f} -> {float(loss):7.3f}")

# %% plot
figure = plt.figure(figsize=(12, 6.5))

for i in range(number_of_filters):
    ax = plt.subplot(4, 8, i + 1)
    plt.imshow(deprocess_image(np.array(visualized_feature[i]))[0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}")
    ax.axis("off")

plt.show()
